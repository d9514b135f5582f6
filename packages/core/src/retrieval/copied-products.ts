import { openModule } from '../web-assembly.ts';
import { InnerProducts } from './inner-products.ts';

const FILE = new URL('products.wasm', import.meta.url);

/** What packages/core/assembly/products.ts exports. */
interface Exports {
  products(vectors: number, count: number, queries: number, queryCount: number, bytes: number, out: number): void;
}

/** Vectors of one call: with 64 dimensions they fill 64 KiB, which stay in the processor's second cache. */
const CHUNK = 256;
/** The kernel takes so many floats at a time. */
const LANES = 8;

/** Vectors are copied into the memory of the products' own module. */
export class CopiedProducts extends InnerProducts {
  readonly chunk = CHUNK;
  readonly #table: Float32Array;
  readonly #dim: number;
  readonly #stride: number;
  readonly #queryBytes: number;
  readonly #vectors: Float32Array;
  readonly #out: Float32Array;
  readonly #kernel: Exports;
  #taken = 0;

  /** `queriesMax`: most that are multiplied with at once. */
  constructor(table: Float32Array, dim: number, queriesMax: number) {
    // Filled up with zeros.
    const stride = Math.ceil(dim / LANES) * LANES;
    const floats = stride * (queriesMax + CHUNK) + CHUNK * queriesMax;
    const { exports, buffer } = openModule<Exports>(FILE, 4 * floats);
    const queries = new Float32Array(buffer, 0, stride * queriesMax);
    super(dim, stride, queries);
    this.#kernel = exports;
    this.#table = table;
    this.#dim = dim;
    this.#stride = stride;
    this.#queryBytes = queries.byteLength;
    this.#vectors = new Float32Array(buffer, queries.byteLength, stride * CHUNK);
    this.#out = new Float32Array(buffer, queries.byteLength + this.#vectors.byteLength, CHUNK * queriesMax);
  }

  take(rows: Int32Array, from: number, until: number): void {
    const dim = this.#dim;
    const table = this.#table;
    const vectors = this.#vectors;
    for (let i = from; i < until; i++) {
      const source = rows[i]! * dim;
      const target = (i - from) * this.#stride;
      for (let d = 0; d < dim; d++) vectors[target + d] = table[source + d]!;
    }
    this.#taken = until - from;
  }

  multiply(queries: number): Float32Array {
    const bytes = 4 * this.#stride;
    this.#kernel.products(this.#queryBytes, this.#taken, 0, queries, bytes, this.#out.byteOffset);
    return this.#out;
  }
}
