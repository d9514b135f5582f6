import type { CandidateSet } from '../candidate-set.ts';
import type { CandidateSource, SourceQuery } from '../source.ts';
import { Accumulator } from './accumulator.ts';
import { Emitter } from './emit.ts';
import { readInterests } from './interests.ts';

const HALF_LIFE_S = 180 * 86_400;

/**
 * What the user took before, by decayed counts, ties by all-time popularity. The strongest single source where people buy
 * the same again.
 */
export class RepeatsSource implements CandidateSource {
  readonly name = 'repeats';
  readonly #popularity: Float32Array;
  readonly #own: Accumulator;
  readonly #emitter = new Emitter('repeats');

  /** `popularity`: `[n]`, 0..1; it decides only between equal counts. */
  constructor(popularity: Float32Array) {
    this.#popularity = popularity;
    this.#own = new Accumulator(popularity.length);
  }

  retrieve(query: SourceQuery, k: number, out: CandidateSet): void {
    readInterests(query, { eventsMax: query.profile.length, halfLifeS: HALF_LIFE_S }, this.#own);
    const { top } = this.#emitter;
    top.reset(k);
    for (let i = 0; i < this.#own.count; i++) {
      const row = this.#own.touched[i]!;
      if (query.excluded?.[row] !== 1) top.offer(row, this.#own.get(row) * (1 + 1e-3 * this.#popularity[row]!));
    }
    this.#emitter.emitTop(out);
  }
}
