import type { CandidateSet } from '../candidate-set.ts';
import { innerProduct } from '../flat-index.ts';
import { SOURCE_COUNT, SOURCE_INDEX, type CandidateSource, type SourceQuery } from '../source.ts';
import { createAccumulator, type Accumulator } from './accumulator.ts';
import { solveInPlace } from './cholesky.ts';
import { Emitter } from './emit.ts';
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
 * catalogues up to some ten thousand items.
 * Source: Hu, Koren, Volinsky 2008; Rendle et al. 2022, equation 5. The training half solves the same system.
 */
export class IalsSource implements CandidateSource {
  readonly name = 'ials';
  readonly #model: IalsModel;
  /** Items with factors; later ones have none, so that they say nothing of the user and get no score. */
  readonly #count: number;
  readonly #options: InterestOptions;
  readonly #interests: Accumulator;
  readonly #emitter = new Emitter('ials');
  readonly #system: Float64Array;
  readonly #solution: Float64Array;
  readonly #user: Float32Array;
  #gramian: Float64Array | undefined;

  /** `interests`: scratch `[capacity]`, free again when `retrieve` returns; `capacity`: rows that the catalogue may get. */
  constructor(model: IalsModel, options: InterestOptions, interests?: Accumulator, capacity = 0) {
    this.#model = model;
    this.#count = model.factors.length / model.dim;
    this.#options = options;
    this.#interests = interests ?? createAccumulator(Math.max(capacity, this.#count));
    this.#system = new Float64Array(model.dim * model.dim);
    this.#solution = new Float64Array(model.dim);
    this.#user = new Float32Array(model.dim);
  }

  retrieve(query: SourceQuery, k: number, out: CandidateSet): void {
    readInterests(query, this.#options, this.#interests);
    if (this.#interests.count === 0 || this.#foldIn() === 0) {
      this.#user.fill(0);
      return;
    }
    const { top } = this.#emitter;
    const { factors, dim } = this.#model;
    top.reset(k);
    let threshold = top.threshold;
    for (let row = 0; row < this.#count; row++) {
      if (query.excluded?.[row] === 1) continue;
      const score = innerProduct(factors, row * dim, this.#user);
      if (score < threshold) continue;
      top.offer(row, score);
      threshold = top.threshold;
    }
    this.#emitter.emitTop(out);
  }

  score(_query: SourceQuery, out: CandidateSet): void {
    const { factors, dim } = this.#model;
    const { rows, scores, count } = out;
    for (let c = 0; c < count; c++) {
      const row = rows[c]!;
      scores[c * SOURCE_COUNT + SOURCE_INDEX.ials] =
        row < this.#count ? innerProduct(factors, row * dim, this.#user) : 0;
    }
  }

  /** Solves the user's factor into `#user`; returns how many items it is made of. Only the lower triangle is built. */
  #foldIn(): number {
    const { factors, dim, alpha0, regularisation, nu } = this.#model;
    this.#gramian ??= gramianOf(factors, dim, alpha0);
    const system = this.#system;
    const right = this.#solution.fill(0);
    system.set(this.#gramian);
    const interests = this.#interests;
    let known = 0;
    for (let i = 0; i < interests.count; i++) {
      const row = interests.touched[i]!;
      if (row >= this.#count) continue;
      known += 1;
      const weight = interests.get(row);
      for (let a = 0; a < dim; a++) {
        const scaled = weight * factors[row * dim + a]!;
        right[a]! += scaled;
        for (let b = 0; b <= a; b++) system[a * dim + b]! += scaled * factors[row * dim + b]!;
      }
    }
    const ridge = regularisation * (known + alpha0 * this.#count) ** nu;
    for (let a = 0; a < dim; a++) system[a * dim + a]! += ridge;
    solveInPlace(system, right, dim);
    if (!Number.isFinite(right[0]!)) throw new Error('the fold-in has no solution: the factors are degenerate');
    this.#user.set(right);
    return known;
  }
}

/** alpha0 V'V, lower triangle. */
function gramianOf(factors: Float32Array, dim: number, alpha0: number): Float64Array {
  const gramian = new Float64Array(dim * dim);
  for (let row = 0; row < factors.length; row += dim)
    for (let a = 0; a < dim; a++) {
      const scaled = alpha0 * factors[row + a]!;
      for (let b = 0; b <= a; b++) gramian[a * dim + b]! += scaled * factors[row + b]!;
    }
  return gramian;
}
