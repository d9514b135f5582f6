import type { CandidateSet } from '../candidate-set.ts';
import { BestSums } from '../best-sums.ts';
import { SOURCE_COUNT, SOURCE_INDEX, type CandidateSource, type SourceQuery } from '../source.ts';
import { Accumulator } from './accumulator.ts';
import { Emitter } from './emit.ts';
import { FoldIn } from './fold-in.ts';
import { readInterests, type InterestOptions } from './interests.ts';

export interface IalsModel {
  /** `[n, dim]`, row-major; not unit: the inner product ranks. */
  readonly factors: Float32Array;
  readonly dim: number;
  /** Weight of an unobserved pair. */
  readonly alpha0: number;
  readonly regularisation: number;
  readonly nu: number;
}

/**
 * iALS with fold-in: the user's factor is solved per request from the profile, w = (alpha0 G + sum c v v' + r I)^-1 sum
 * c v with r = lambda (n + alpha0 N)^nu, then all items are scanned. O(items of the profile * d^2 + d^3 + N d): for
 * catalogues up to some ten thousand items. Items that are scored up to 0, as one that nobody wants is, are not named.
 * Source: Hu, Koren, Volinsky 2008; Rendle et al. 2022, equation 5. The training half solves the same system.
 */
export class IalsSource implements CandidateSource {
  readonly name = 'ials';
  readonly #model: Omit<IalsModel, 'factors'>;
  /** Items with factors; later ones have none, so that they say nothing of the user and get no score. */
  readonly #count: number;
  readonly #options: InterestOptions;
  readonly #interests: Accumulator;
  readonly #emitter = new Emitter('ials');
  readonly #foldIn: FoldIn;
  readonly #rows: Int32Array;
  readonly #best = new BestSums();
  #gramian: Float64Array | undefined;
  /** Of all items for the last query; null when its profile said nothing. */
  #scores: Float32Array | null = null;

  /** `interests`: scratch, free again when `retrieve` returns. */
  constructor({ factors, ...model }: IalsModel, options: InterestOptions, interests = new Accumulator()) {
    this.#model = model;
    this.#count = factors.length / model.dim;
    this.#options = options;
    this.#interests = interests;
    this.#rows = Int32Array.from({ length: this.#count }, (_, row) => row);
    this.#foldIn = new FoldIn(factors, model.dim, options.eventsMax);
  }

  retrieve(query: SourceQuery, k: number, out: CandidateSet): void {
    readInterests(query, this.#options, this.#interests);
    const scores = (this.#scores = this.#scoreAll());
    if (scores === null) return;
    const { rows, scores: found } = this.#emitter;
    const all = { rows: this.#rows, values: scores, count: this.#count };
    this.#emitter.emitRanked(this.#best.select(k, all, query.excluded, rows, found), out);
  }

  score(_query: SourceQuery, out: CandidateSet): void {
    const { rows, scores, count } = out;
    for (let c = 0; c < count; c++) {
      const row = rows[c]!;
      scores[c * SOURCE_COUNT + SOURCE_INDEX.ials] = row < this.#count ? (this.#scores?.[row] ?? 0) : 0;
    }
  }

  /** Solves the user's factor and multiplies it with all items'; null when no item of the profile has one. */
  #scoreAll(): Float32Array | null {
    const { alpha0, regularisation, nu } = this.#model;
    const interests = this.#interests;
    const foldIn = this.#foldIn;
    foldIn.begin((this.#gramian ??= foldIn.gramian(alpha0)));
    let known = 0;
    for (let i = 0; i < interests.count; i++) {
      const row = interests.touched[i]!;
      if (row >= this.#count) continue;
      known += 1;
      foldIn.add(row, interests.get(row));
    }
    return known === 0 ? null : foldIn.solve(regularisation * (known + alpha0 * this.#count) ** nu);
  }
}
