import { PIECE, type Pieces } from './pieces.ts';

/** Index of the first value that is NaN or infinite, or -1. */
export function* firstNotFinite(values: Float32Array): Pieces<number> {
  for (let start = 0; start < values.length; start += PIECE) {
    yield;
    const found = firstNotFiniteIn(values, start, Math.min(start + PIECE, values.length));
    if (found >= 0) return found;
  }
  return -1;
}

function firstNotFiniteIn(values: Float32Array, start: number, end: number): number {
  for (let i = start; i < end; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}
