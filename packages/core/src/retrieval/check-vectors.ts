import { atOnce, PIECE, type Pieces } from '../catalog/pieces.ts';
import { ShortlistError } from '../contracts/errors.ts';

/**
 * Refuses vectors that are no unit vectors: NaN spreads through every score, zero is near to nothing. Only the first
 * `count` rows are looked at: behind them may be room for later ones.
 */
export function checkVectors(vectors: Float32Array, dim: number, count = vectors.length / dim): void {
  atOnce(checkVectorsInPieces(vectors, dim, count));
}

/** As `checkVectors`, for a pod that serves meanwhile. */
export function* checkVectorsInPieces(vectors: Float32Array, dim: number, count = vectors.length / dim): Pieces<void> {
  if (dim < 4 || dim % 4 !== 0)
    throw new ShortlistError('vector_invalid', { what: `dimension ${dim}`, reason: 'must be a multiple of 4' });
  if (vectors.length % dim !== 0)
    throw new ShortlistError('vector_invalid', {
      what: 'the table',
      reason: `${vectors.length} values, not rows of ${dim}`,
    });
  const yieldEvery = Math.ceil(PIECE / dim);
  for (let row = 0; row < count; row++) {
    if (row % yieldEvery === 0) yield;
    checkUnit(vectors, row * dim, dim, row);
  }
}

/** Refuses a query of another dimension, or one that is no unit vector. */
export function checkQuery(query: Float32Array, dim: number): void {
  if (query.length !== dim)
    throw new ShortlistError('vector_invalid', { what: 'the query', reason: `has ${query.length} values, not ${dim}` });
  checkUnit(query, 0, dim, 'the query');
}

function checkUnit(vectors: Float32Array, offset: number, dim: number, what: string | number): void {
  let squares = 0;
  for (let i = offset; i < offset + dim; i++) squares += vectors[i]! * vectors[i]!;
  if (!(Math.abs(squares - 1) < 1e-3))
    throw new ShortlistError('vector_invalid', {
      what: typeof what === 'number' ? `row ${what}` : what,
      reason: `squared length ${squares}, not 1`,
    });
}
