import { openModule } from '../../web-assembly.ts';
import { solveInPlace } from './cholesky.ts';

const FILE = new URL('fold-in.wasm', import.meta.url);

/** Rows that the kernel adds at once. */
const BLOCK = 4;

/** What packages/core/assembly/fold-in.ts exports. */
interface Exports {
  addOuterProducts(
    factors: number,
    dim: number,
    rows: number,
    weights: number,
    count: number,
    system: number,
    right: number,
    scratch: number,
  ): void;
  scoreAll(factors: number, dim: number, count: number, user: number, out: number): void;
}

/**
 * Solves (S + sum w v v' + ridge I) x = sum w v for a few rows v of a table of factors `[n, dim]`, and multiplies all rows
 * with x. In WebAssembly, with the sums that JavaScript would make, in the same order: equal to the bit. A user with 20 rows
 * of 3,618, in 64 dimensions, takes .14 ms instead of .48. One user at a time.
 */
export class FoldIn {
  readonly #kernel: Exports;
  readonly #factors: Float32Array;
  readonly #dim: number;
  readonly #count: number;
  readonly #rows: Int32Array;
  readonly #weights: Float64Array;
  readonly #system: Float64Array;
  readonly #right: Float64Array;
  readonly #scratch: Float64Array;
  readonly #user: Float64Array;
  readonly #scores: Float32Array;
  #taken = 0;

  /** `factors`: `[n, dim]`, row-major, copied; `dim` is a multiple of 4. `rowsMax`: most rows that are added at once. */
  constructor(factors: Float32Array, dim: number, rowsMax: number) {
    this.#dim = dim;
    this.#count = factors.length / dim;
    const doubles = rowsMax + dim * dim + (2 + BLOCK) * dim;
    const { exports, buffer } = openModule<Exports>(FILE, 8 * doubles + 4 * (factors.length + rowsMax + this.#count));
    this.#kernel = exports;
    let at = 0;
    const floats64 = (length: number) => {
      const array = new Float64Array(buffer, at, length);
      at += array.byteLength;
      return array;
    };
    this.#system = floats64(dim * dim);
    this.#right = floats64(dim);
    this.#scratch = floats64(BLOCK * dim);
    this.#user = floats64(dim);
    this.#weights = floats64(rowsMax);
    this.#factors = new Float32Array(buffer, at, factors.length);
    this.#factors.set(factors);
    at += this.#factors.byteLength;
    this.#rows = new Int32Array(buffer, at, rowsMax);
    this.#scores = new Float32Array(buffer, at + this.#rows.byteLength, this.#count);
  }

  /** `weight * V' V` of all rows, `[dim, dim]`, of which only the lower triangle means something. */
  gramian(weight: number): Float64Array {
    this.begin(new Float64Array(this.#dim * this.#dim));
    for (let row = 0; row < this.#count; row++) this.add(row, weight);
    this.#flush();
    return this.#system.slice();
  }

  /** Starts over with the system `S`. */
  begin(system: Float64Array): void {
    this.#system.set(system);
    this.#right.fill(0);
    this.#taken = 0;
  }

  add(row: number, weight: number): void {
    if (this.#taken === this.#rows.length) this.#flush();
    this.#rows[this.#taken] = row;
    this.#weights[this.#taken++] = weight;
  }

  /** The products of all rows with x, `[n]`: good until the next call of anything. */
  solve(ridge: number): Float32Array {
    this.#flush();
    const dim = this.#dim;
    for (let a = 0; a < dim; a++) this.#system[a * dim + a]! += ridge;
    solveInPlace(this.#system, this.#right, dim);
    if (!Number.isFinite(this.#right[0]!)) throw new Error('the fold-in has no solution: the factors are degenerate');
    for (let d = 0; d < dim; d++) this.#user[d] = Math.fround(this.#right[d]!);
    const { byteOffset: factors } = this.#factors;
    this.#kernel.scoreAll(factors, dim, this.#count, this.#user.byteOffset, this.#scores.byteOffset);
    return this.#scores;
  }

  #flush(): void {
    this.#kernel.addOuterProducts(
      this.#factors.byteOffset,
      this.#dim,
      this.#rows.byteOffset,
      this.#weights.byteOffset,
      this.#taken,
      this.#system.byteOffset,
      this.#right.byteOffset,
      this.#scratch.byteOffset,
    );
    this.#taken = 0;
  }
}
