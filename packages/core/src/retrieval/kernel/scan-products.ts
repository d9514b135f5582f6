import { InnerProducts } from '../inner-products.ts';
import type { Kernel } from './kernel.ts';

/** Most rows taken at once; times the queries, they fit where the kernel writes. */
const CHUNK = 1024;

/** Products where the vectors already lie in a kernel's memory: nothing is copied, and rows are fetched together. */
export class ScanProducts extends InnerProducts {
  readonly chunk = CHUNK;
  readonly #kernel: Kernel['run'];
  readonly #rows: Int32Array;
  readonly #out: Float32Array;
  #taken = 0;

  /** `dim`: a multiple of 16, as in every index of codes. */
  constructor({ run, layout, buffer }: Kernel, dim: number, queriesMax: number) {
    super(dim, dim, new Float32Array(buffer, layout.QUERIES, queriesMax * dim));
    this.#kernel = run;
    this.#rows = new Int32Array(buffer, layout.IDS, CHUNK);
    this.#out = new Float32Array(buffer, layout.KEYS, CHUNK * queriesMax);
  }

  take(rows: Int32Array, from: number, until: number): void {
    for (let i = from; i < until; i++) this.#rows[i - from] = rows[i]!;
    this.#taken = until - from;
  }

  multiply(queries: number): Float32Array {
    this.#kernel.products(this.#taken, queries);
    return this.#out;
  }
}
