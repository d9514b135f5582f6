import type { CandidateSet } from '../candidate-set.ts';
import { SOURCE_COUNT, SOURCE_INDEX, type CandidateSource, type SourceQuery } from '../source.ts';
import { Accumulator } from './accumulator.ts';
import { Emitter } from './emit.ts';
import { readInterests } from './interests.ts';

const HALF_LIFE_S = 180 * 86_400;
/** How far popularity can lift a count: less than any two counts that people would tell apart. */
const POPULARITY_LIFT = 1e-3;

/**
 * What the user took before, by decayed counts, ties by all-time popularity. The strongest single source where people buy
 * the same again.
 */
export class RepeatsSource implements CandidateSource {
  readonly name = 'repeats';
  readonly #popularity: Float32Array;
  readonly #weightScale: number;
  readonly #own: Accumulator;
  readonly #emitter = new Emitter('repeats');

  /** `popularity`: `[n]`, 0..1; it decides only between equal counts. `weightScale`: as in InterestOptions. */
  constructor(popularity: Float32Array, weightScale: number) {
    this.#popularity = popularity;
    this.#weightScale = weightScale;
    this.#own = new Accumulator();
  }

  retrieve(query: SourceQuery, k: number, out: CandidateSet): void {
    const options = { eventsMax: query.profile.length, halfLifeS: HALF_LIFE_S, weightScale: this.#weightScale };
    readInterests(query, options, this.#own);
    const { top } = this.#emitter;
    top.reset(k);
    for (let i = 0; i < this.#own.count; i++) {
      const row = this.#own.touched[i]!;
      if (query.excluded?.[row] !== 1) top.offer(row, this.#scoreOf(row));
    }
    this.#emitter.emitTop(out);
  }

  score(_query: SourceQuery, out: CandidateSet): void {
    const { rows, scores, count } = out;
    for (let c = 0; c < count; c++) scores[c * SOURCE_COUNT + SOURCE_INDEX.repeats] = this.#scoreOf(rows[c]!);
  }

  #scoreOf(row: number): number {
    const own = this.#own.get(row);
    return own === 0 ? 0 : own * (1 + POPULARITY_LIFT * this.#popularity[row]!);
  }
}
