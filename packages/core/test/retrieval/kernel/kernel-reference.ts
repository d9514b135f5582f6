import { innerProduct } from '../../../src/retrieval/flat-index.ts';
import { BLOCK, CODE_ZERO } from '../../../src/retrieval/kernel/codes.ts';
import { readShape, tablesOf, type IndexShape } from '../../../src/retrieval/kernel/index-file.ts';

interface Scored {
  readonly id: number;
  readonly score: number;
}

/** What the kernel does, one number after the other: slow and plain. Nothing here is shared with it but the file. */
export class KernelReference {
  readonly #shape: IndexShape;
  readonly #tables: ReturnType<typeof tablesOf>;
  readonly #vectors: Float32Array;

  constructor(file: Uint8Array<ArrayBuffer>, vectors: Float32Array) {
    this.#shape = readShape(file);
    this.#tables = tablesOf(file, this.#shape);
    this.#vectors = vectors;
  }

  search(
    query: Float32Array,
    options: { k: number; keep: number; probes: number; mask: Uint8Array | null; survivorsWanted: number },
  ): { rows: number[]; scores: number[]; survivors: number } {
    const { firstBlocks, sizes, rows } = this.#tables;
    const codes = queryCodes(query);
    const hits: Scored[] = [];
    let survivors = 0;
    for (const list of this.nearestLists(query, options.probes)) {
      const first = firstBlocks[list]! * BLOCK;
      for (let position = first; position < first + sizes[list]!; position++) {
        const excluded = options.mask?.[rows[position]!] === 1;
        // The first of a block stands for all of it.
        if (position % BLOCK === 0 && options.mask !== null && !excluded)
          survivors += Math.min(BLOCK, first + sizes[list]! - position);
        if (!excluded) hits.push({ id: position, score: this.#score(this.#tables.codes, position, codes) });
      }
      if (options.mask !== null && survivors >= options.survivorsWanted) break;
    }
    const best = bestOf(hits, options.keep)
      .map(({ id }) => ({ id: rows[id]!, score: innerProduct(this.#vectors, rows[id]! * this.#shape.dim, query) }))
      .sort((a, b) => b.score - a.score || a.id - b.id)
      .slice(0, options.k);
    return { rows: best.map(({ id }) => id), scores: best.map(({ score }) => Math.fround(score)), survivors };
  }

  nearestLists(query: Float32Array, count: number): number[] {
    if (this.#shape.listCount === 1) return [0];
    const codes = queryCodes(query);
    const lists = Array.from({ length: this.#shape.listCount }, (_, id) => ({
      id,
      score: this.#score(this.#tables.centres, id, codes),
    }));
    return bestOf(lists, count).map(({ id }) => id);
  }

  #score(blocks: Uint8Array, position: number, query: Int32Array): number {
    const { dim } = this.#shape;
    const lane = position % BLOCK;
    let sum = 0;
    for (let d = 0; d < dim; d++)
      sum += query[d]! * blocks[(position - lane) * dim + (d - (d % 4)) * BLOCK + lane * 4 + (d % 4)]!;
    return sum;
  }
}

function queryCodes(query: Float32Array): Int32Array {
  const largest = Math.max(...query.map(Math.abs));
  return Int32Array.from(query, (value) => Math.floor(value * (63 / largest) + 0.5));
}

/** The best `count`; of equal scores those that come first (sorting is stable). */
function bestOf(scored: readonly Scored[], count: number): Scored[] {
  return [...scored].sort((a, b) => b.score - a.score).slice(0, count);
}

/** The vector that codes stand for is off by at most half a step in each dimension, unless it was clipped. */
export function decode(code: number, scale: number): number {
  return (code - CODE_ZERO) / scale;
}
