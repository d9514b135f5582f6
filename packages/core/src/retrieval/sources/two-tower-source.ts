import type { CandidateSet } from '../candidate-set.ts';
import { innerProduct } from '../flat-index.ts';
import { SOURCE_COUNT, SOURCE_INDEX, type CandidateSource, type SourceQuery } from '../source.ts';
import type { VectorIndex } from '../vector-index.ts';
import { Emitter } from './emit.ts';

/** Nearest item vectors to the user vector. Finds nothing without one. */
export class TwoTowerSource implements CandidateSource {
  readonly name = 'two_tower';
  readonly #index: VectorIndex;
  readonly #vectors: Float32Array;
  readonly #emitter = new Emitter('two_tower');

  /** `vectors`: `[n, d]` unit, those of the index. */
  constructor(index: VectorIndex, vectors: Float32Array) {
    this.#index = index;
    this.#vectors = vectors;
  }

  retrieve(query: SourceQuery, k: number, out: CandidateSet): void {
    if (query.userVector === null || k === 0) return;
    const { rows, scores } = this.#emitter;
    this.#emitter.emitRanked(this.#index.search(query.userVector, k, rows, scores, query.excluded), out);
  }

  score(query: SourceQuery, out: CandidateSet): void {
    if (query.userVector === null) return;
    const { rows, scores, count } = out;
    const { dim } = this.#index;
    const known = this.#index.scoresOf?.(query.userVector, rows, count);
    if (known !== undefined) {
      for (let c = 0; c < count; c++) scores[c * SOURCE_COUNT + SOURCE_INDEX.two_tower] = known[c]!;
      return;
    }
    for (let c = 0; c < count; c++)
      scores[c * SOURCE_COUNT + SOURCE_INDEX.two_tower] = innerProduct(this.#vectors, rows[c]! * dim, query.userVector);
  }
}
