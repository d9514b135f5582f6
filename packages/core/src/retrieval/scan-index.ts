import { atOnce, type Pieces } from '../catalog/pieces.ts';
import { ShortlistError } from '../contracts/errors.ts';
import { checkQuery, checkVectorsInPieces } from './check-vectors.ts';
import { buildIndexFile, type IndexBuild } from './kernel/build-index-file.ts';
import { BLOCK, codeOf } from './kernel/codes.ts';
import { checkTables, layoutOf, readShape, tablesOf, type IndexShape } from './kernel/index-file.ts';
import { Kernel, kernelLayout } from './kernel/kernel.ts';
import { ScanProducts } from './kernel/scan-products.ts';
import { estimateShareLeft } from './mask.ts';
import { TopK } from './top-k.ts';
import type { VectorIndex } from './vector-index.ts';

/** How an index of codes is searched; the release job chooses them by measured recall. */
export interface ScanSettings {
  /** Lists that are looked through. 1 for a flat scan. */
  readonly probes: number;
  /** So many more than k, as a share of it, are kept by their codes and scored exactly: codes alone lose 4 in 100. */
  readonly band: number;
}

export const SCAN_DEFAULTS: ScanSettings = { probes: 32, band: 0.2 };

/**
 * Rows scanned by codes in the time that one takes exactly, wherever it lies; measured 9 to 14
 * (`make bench SUITE=retrieval`).
 */
const SCANNED_PER_EXACT = 12;
/** Rows of a loaded index that are compared with the table. */
const SAMPLED_ROWS = 64;
/** Least width of the band: where k is small, a share of it is too thin, and rows are cheap. */
const BAND_ROWS_MIN = 50;
/** A mask that leaves more than this share is one of a few items; others are filters. */
const MASK_LIGHT = 0.95;
/** With these recall under the masks of index-trial.ts is at least what it is without one. */
const MASKED_VISITS = 2;
const ALIGNMENT = 64;
/** The kernel looks at the mask 16 rows at a time. */
const MASK_SLACK = 64;

/** The memory of an index before it is one: the loader reads the file and the vectors straight into it. */
export class ScanStorage {
  readonly kernel: Kernel;
  /** The bytes of the index file. */
  readonly file: Uint8Array<ArrayBuffer>;
  /** `[capacity, dim]`; nothing else of a release needs a copy. */
  readonly vectors: Float32Array<ArrayBuffer>;
  /** By row: 1 = excluded. A search takes a mask that is here without copying it. */
  readonly mask: Uint8Array<ArrayBuffer>;
  /** Where masks from elsewhere are copied to. */
  readonly foreignMask: Uint8Array<ArrayBuffer>;

  constructor(sizes: { readonly fileBytes: number; readonly dim: number; readonly capacity: number }) {
    const { fileBytes, dim, capacity } = sizes;
    const { TABLES } = kernelLayout();
    const file = align(TABLES);
    const mask = align(file + fileBytes);
    const foreignMask = align(mask + capacity + MASK_SLACK);
    const vectors = align(foreignMask + capacity + MASK_SLACK);
    const bytes = vectors - TABLES + capacity * dim * 4;
    if (bytes > Kernel.bytesMax())
      throw new ShortlistError('vector_invalid', {
        what: 'the table',
        reason: `${capacity} rows of ${dim} with their codes do not fit into the 4 GiB of one index`,
      });
    this.kernel = new Kernel(bytes);
    const { buffer } = this.kernel;
    this.file = new Uint8Array(buffer, file, fileBytes);
    this.mask = new Uint8Array(buffer, mask, capacity);
    this.foreignMask = new Uint8Array(buffer, foreignMask, capacity);
    this.vectors = new Float32Array(buffer, vectors, capacity * dim);
  }
}

/**
 * Nearest neighbours by a scan of 7-bit codes in WebAssembly: of all items (`flat_int8`), or of the lists whose centres
 * are nearest (`ivf`). Those kept are scored from the table, so scores equal the flat index's to the bit. The mask is part
 * of the scan; with a filter, as many lists are visited as it takes to see twice as many items that it leaves; where it
 * leaves few, these are scored exactly. Built by the release job, never in a pod.
 *
 * Source: Jegou, Douze & Schmid 2011, "Product quantization for nearest neighbor search", section IV (inverted file); with
 * scalar codes in place of product codes. ADR 14 has the reasons and figures.
 */
export class ScanIndex implements VectorIndex {
  readonly kind: 'flat_int8' | 'ivf';
  readonly count: number;
  readonly dim: number;
  readonly listCount: number;
  /** May be changed between searches: the release job tries some. */
  settings: ScanSettings;
  readonly #storage: ScanStorage;
  readonly #kernel: Kernel['run'];
  readonly #limits: Kernel['layout'];
  readonly #query: Float32Array;
  readonly #rows: Int32Array;
  readonly #scores: Float32Array;
  /** Rows and scores of the exact way. */
  readonly #ids: Int32Array;
  readonly #keys: Float64Array;
  readonly #top = new TopK(1000);

  private constructor(storage: ScanStorage, shape: IndexShape, settings: ScanSettings) {
    this.kind = shape.listCount === 1 ? 'flat_int8' : 'ivf';
    this.count = shape.count;
    this.dim = shape.dim;
    this.listCount = shape.listCount;
    this.settings = settings;
    this.#storage = storage;
    const { run, layout, buffer } = storage.kernel;
    this.#kernel = run;
    this.#limits = layout;
    this.#query = new Float32Array(buffer, layout.QUERY, shape.dim);
    this.#rows = new Int32Array(buffer, layout.SORTED_IDS, layout.KEEP_MAX);
    this.#scores = new Float32Array(buffer, layout.SCORES, layout.KEEP_MAX);
    this.#ids = new Int32Array(buffer, layout.IDS, layout.LISTS_MAX);
    this.#keys = new Float64Array(buffer, layout.KEYS, layout.LISTS_MAX);
    const at = layoutOf(shape);
    const file = storage.file.byteOffset;
    const tables = [at.centres, at.firstBlocks, at.sizes, at.rows, at.codes].map((offset) => file + offset);
    const [centres = 0, firstBlocks = 0, sizes = 0, rows = 0, codes = 0] = tables;
    const { byteOffset: vectors } = storage.vectors;
    run.configure(shape.dim, shape.listCount, centres, firstBlocks, sizes, rows, codes, vectors);
  }

  /** Lists that suit `count` items: a centre then costs about as much as an item of a visited list. */
  static listsFor(count: number): number {
    const lists = 2 ** Math.round(Math.log2(4 * Math.sqrt(count)));
    return Math.max(1, Math.min(kernelLayout().LISTS_MAX, lists, Math.floor(count / BLOCK)));
  }

  /** The bytes of the index file. @throws `vector_invalid` */
  static fileOf(vectors: Float32Array, dim: number, build: IndexBuild): Uint8Array<ArrayBuffer> {
    checkDim(dim);
    atOnce(checkVectorsInPieces(vectors, dim));
    return buildIndexFile(vectors, dim, build);
  }

  /** As the release job makes it, over a copy of the vectors. @throws `vector_invalid` */
  static build(vectors: Float32Array, dim: number, build: IndexBuild, settings = SCAN_DEFAULTS): ScanIndex {
    return ScanIndex.of(ScanIndex.fileOf(vectors, dim, build), vectors, dim, settings);
  }

  /** Over copies of a file's bytes and of its vectors. */
  static of(file: Uint8Array, vectors: Float32Array, dim: number, settings = SCAN_DEFAULTS): ScanIndex {
    const storage = new ScanStorage({ fileBytes: file.length, dim, capacity: vectors.length / dim });
    storage.file.set(file);
    storage.vectors.set(vectors);
    return atOnce(ScanIndex.open(storage, { dim, count: vectors.length / dim }, settings));
  }

  /**
   * Over what was read into `storage`, whose first `count` vectors the file must be of: a sample of rows gives it away.
   * @throws `vector_invalid`, and an Error for a file that is damaged or of other vectors
   */
  static *open(
    storage: ScanStorage,
    { dim, count }: { readonly dim: number; readonly count: number },
    settings: ScanSettings,
  ): Pieces<ScanIndex> {
    checkDim(dim);
    const shape = readShape(storage.file);
    if (shape.dim !== dim || shape.count !== count)
      throw new Error(`it is of ${shape.count} rows of ${shape.dim}, the table has ${count} of ${dim}`);
    if (shape.listCount < 1 || shape.listCount > kernelLayout().LISTS_MAX)
      throw new Error(`it has ${shape.listCount} lists`);
    yield* checkVectorsInPieces(storage.vectors, dim, count);
    yield* checkTables(storage.file, shape);
    checkSameVectors(storage, shape);
    return new ScanIndex(storage, shape, settings);
  }

  /** The one mask that a search need not copy: `[capacity]`, by row; all 0, and to be left so. */
  get mask(): Uint8Array {
    return this.#storage.mask;
  }

  search(
    query: Float32Array,
    k: number,
    outRows: Int32Array,
    outScores: Float32Array,
    excluded: Uint8Array | null,
  ): number {
    checkQuery(query, this.dim);
    this.#query.set(query);
    const mask = excluded === null ? 0 : this.#addressOf(excluded);
    const share = excluded === null ? 1 : estimateShareLeft(excluded, this.count);
    const keep = k + Math.max(BAND_ROWS_MIN, Math.ceil(k * this.settings.band));
    // Of items that are not excluded more are looked at than without a mask: what it bars is often what is near.
    const wanted = Math.ceil(this.#visited() * (share < MASK_LIGHT ? MASKED_VISITS : 1));
    const left = share * this.count;
    if (keep > this.#limits.KEEP_MAX || (mask !== 0 && left * SCANNED_PER_EXACT * share < wanted))
      return this.#scoreAll(mask, k, outRows, outScores);
    let probes = Math.min(this.listCount, Math.ceil(this.settings.probes / share));
    let found = this.#kernel.search(k, keep, probes, mask, wanted);
    // Near the query the mask may leave less than elsewhere: then more lists, from the start, and more each time.
    while (mask !== 0 && probes < this.listCount && this.#kernel.survivorsSeen() < wanted) {
      probes = Math.min(this.listCount, 4 * probes);
      found = this.#kernel.search(k, keep, probes, mask, wanted);
    }
    const rows = this.#rows;
    const scores = this.#scores;
    for (let i = 0; i < found; i++) {
      outRows[i] = rows[i]!;
      outScores[i] = scores[i]!;
    }
    return found;
  }

  /** As `search`, but of all rows by their exact scores: what the flat index finds, to the bit. O(count dim). */
  searchExactly(
    query: Float32Array,
    k: number,
    outRows: Int32Array,
    outScores: Float32Array,
    excluded: Uint8Array | null,
  ): number {
    checkQuery(query, this.dim);
    this.#query.set(query);
    return this.#scoreAll(excluded === null ? 0 : this.#addressOf(excluded), k, outRows, outScores);
  }

  /** Rows may lie anywhere in the table, behind the index's own, too. */
  scoresOf(query: Float32Array, rows: Int32Array, count: number): Float64Array | undefined {
    if (count > this.#limits.LISTS_MAX) return undefined;
    this.#query.set(query);
    for (let i = 0; i < count; i++) this.#ids[i] = rows[i]!;
    this.#kernel.prepareExact();
    this.#kernel.scoreGiven(count);
    return this.#keys;
  }

  /** Rows may lie anywhere in the table. Not between the calls of a search. */
  products(queriesMax: number): ScanProducts {
    return new ScanProducts(this.#storage.kernel, this.dim, queriesMax);
  }

  /** Items that a search without a mask looks at, on average. */
  #visited(): number {
    return Math.ceil((Math.min(this.settings.probes, this.listCount) * this.count) / this.listCount);
  }

  /** A mask that lies elsewhere is copied: 30 us for a million rows. */
  #addressOf(excluded: Uint8Array): number {
    const { mask, foreignMask } = this.#storage;
    if (excluded.buffer === mask.buffer) return excluded.byteOffset;
    foreignMask.set(excluded.subarray(0, this.count));
    return foreignMask.byteOffset;
  }

  /** All rows that the mask leaves. */
  #scoreAll(mask: number, k: number, outRows: Int32Array, outScores: Float32Array): number {
    const top = this.#top;
    top.reset(k);
    this.#kernel.prepareExact();
    for (let from = 0; from < this.count; from = this.#kernel.rowsScanned()) {
      const scored = this.#kernel.scoreSurvivors(mask, from, this.count);
      for (let i = 0; i < scored; i++) {
        const score = this.#keys[i]!;
        if (score >= top.threshold) top.offer(this.#ids[i]!, score);
      }
    }
    return top.drain(outRows, outScores);
  }
}

const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

function checkDim(dim: number): void {
  const { DIM_MAX } = kernelLayout();
  if (dim % BLOCK === 0 && dim > 0 && dim <= DIM_MAX) return;
  const reason = `must be a multiple of ${BLOCK}, at most ${DIM_MAX}, for an index of codes`;
  throw new ShortlistError('vector_invalid', { what: `dimension ${dim}`, reason });
}

/** Compares the codes of some rows with what their vectors give. */
function checkSameVectors({ file, vectors }: ScanStorage, shape: IndexShape): void {
  const { dim, scale, blocks } = shape;
  const { rows, codes } = tablesOf(file, shape);
  const step = Math.max(1, Math.floor(blocks / SAMPLED_ROWS));
  // The first item of a block is always there.
  for (let block = 0; block < blocks; block += step) {
    const row = rows[block * BLOCK]!;
    for (let d = 0; d < dim; d++)
      if (codes[block * BLOCK * dim + (d >> 2) * 4 * BLOCK + (d & 3)] !== codeOf(vectors[row * dim + d]!, scale))
        throw new Error(`the index is of other vectors: row ${row} differs`);
  }
}
