import { readFileSync } from 'node:fs';
import { wasm } from '../web-assembly.ts';

const PAGE_BYTES = 1 << 16;
/** What the module is compiled with (scripts/compile-kernel.ts). */
const PAGES = { min: 16, max: 1 << 16 } as const;

/** What packages/core/assembly/products.ts exports. */
interface Exports {
  products(vectors: number, count: number, queries: number, queryCount: number, bytes: number, out: number): void;
}

/** Vectors of one call: with 64 dimensions they fill 64 KiB, which stay in the processor's second cache. */
const CHUNK = 256;
/** The kernel takes so many floats at a time. */
const LANES = 8;

let compiled: object | null = null;

/**
 * Inner products of rows of a table `[n, dim]` with a few queries, in float32 by WebAssembly SIMD; JavaScript would
 * multiply in float64, one after the other. Vectors are copied into the kernel's memory, since a table may lie anywhere.
 * `make bench SUITE=stages` has what features take (`serve.features.*`).
 */
export class InnerProducts {
  /** Most rows of one `run`. */
  readonly chunk = CHUNK;
  readonly #dim: number;
  /** Floats from one vector to the next: `dim` filled up with zeros. */
  readonly #stride: number;
  readonly #queries: Float32Array;
  readonly #vectors: Float32Array;
  readonly #out: Float32Array;
  readonly #kernel: Exports;

  /** `queriesMax`: most that are compared with at once. */
  constructor(dim: number, queriesMax: number) {
    this.#dim = dim;
    this.#stride = Math.ceil(dim / LANES) * LANES;
    const floats = this.#stride * (queriesMax + CHUNK) + CHUNK * queriesMax;
    const pages = Math.max(PAGES.min, Math.ceil((floats * 4) / PAGE_BYTES));
    const memory = new wasm.Memory({ initial: pages, maximum: PAGES.max });
    compiled ??= new wasm.Module(readFileSync(new URL('products.wasm', import.meta.url)));
    this.#kernel = new wasm.Instance(compiled, { env: { memory } }).exports as Exports;
    const { buffer } = memory;
    this.#queries = new Float32Array(buffer, 0, this.#stride * queriesMax);
    this.#vectors = new Float32Array(buffer, this.#queries.byteLength, this.#stride * CHUNK);
    this.#out = new Float32Array(buffer, this.#queries.byteLength + this.#vectors.byteLength, CHUNK * queriesMax);
  }

  /** Makes `values[from .. from + dim)` query number `q`; returns `q`. */
  setQuery(q: number, values: Float32Array, from: number): number {
    const at = q * this.#stride;
    for (let d = 0; d < this.#dim; d++) this.#queries[at + d] = values[from + d]!;
    return q;
  }

  /** Makes the mean of the queries `first .. first + count` query number `q`; returns `q`. */
  setMean(q: number, first: number, count: number): number {
    const queries = this.#queries;
    for (let d = 0; d < this.#dim; d++) {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += queries[(first + i) * this.#stride + d]!;
      queries[q * this.#stride + d] = sum / count;
    }
    return q;
  }

  /** Products `[until - from, queries]` of rows `rows[from .. until)`; good until the next call. */
  run(table: Float32Array, rows: Int32Array, from: number, until: number, queries: number): Float32Array {
    const dim = this.#dim;
    const vectors = this.#vectors;
    for (let i = from; i < until; i++) {
      const source = rows[i]! * dim;
      const target = (i - from) * this.#stride;
      for (let d = 0; d < dim; d++) vectors[target + d] = table[source + d]!;
    }
    this.#kernel.products(
      vectors.byteOffset,
      until - from,
      this.#queries.byteOffset,
      queries,
      4 * this.#stride,
      this.#out.byteOffset,
    );
    return this.#out;
  }
}
