import { open, type FileHandle } from 'node:fs/promises';
import { FEATURE_WIDTHS } from '@shortlist/core/features/definitions.ts';
import { codedWriteError } from '../write-error.ts';
import { bytesOf, writeArrow } from './arrow-file.ts';
import { GrowingArray } from './growing-array.ts';

/** What is known of one ranker row beside its features. */
export interface RowLabel {
  readonly list: number;
  readonly row: number;
  readonly click: 0 | 1;
  readonly conversion: 0 | 1;
  readonly weight: number;
  /** 1-based position at which it was shown, 0 when it was not; with the policy's probability of that. */
  readonly position: number;
  readonly propensity: number;
}

const BUFFER_ROWS = 4096;
const COLUMNS = ['list', 'row', 'click', 'conversion', 'weight', 'position', 'propensity'] as const;
type Columns = Record<(typeof COLUMNS)[number], GrowingArray<Int32Array | Uint8Array | Float32Array | Int16Array>>;

const createColumns = (): Columns => ({
  list: new GrowingArray((length) => new Int32Array(length)),
  row: new GrowingArray((length) => new Int32Array(length)),
  click: new GrowingArray((length) => new Uint8Array(length)),
  conversion: new GrowingArray((length) => new Uint8Array(length)),
  weight: new GrowingArray((length) => new Float32Array(length)),
  position: new GrowingArray((length) => new Int16Array(length)),
  propensity: new GrowingArray((length) => new Float32Array(length)),
});

const paths = (stem: string) => ({ features: `${stem}-features.f32`, rows: `${stem}-rows.arrow` });

/** Writes ranker rows as `<stem>-features.f32` [R, F] and `<stem>-rows.arrow`, through a buffer of fixed size. */
export class RowFile {
  readonly #stem: string;
  readonly #handle: FileHandle;
  readonly #buffer = new Float32Array(BUFFER_ROWS * FEATURE_WIDTHS.total);
  readonly #columns = createColumns();
  #buffered = 0;

  private constructor(stem: string, handle: FileHandle) {
    this.#stem = stem;
    this.#handle = handle;
  }

  static async create(stem: string): Promise<RowFile> {
    return new RowFile(stem, await open(paths(stem).features, 'w'));
  }

  get count(): number {
    return this.#columns.list.length;
  }

  /** Where the features of the next row go, `[F]`; fill it, then call `add`. */
  next(): Float32Array {
    return this.#buffer.subarray(this.#buffered * FEATURE_WIDTHS.total, (this.#buffered + 1) * FEATURE_WIDTHS.total);
  }

  /** Keeps the row whose features were put into `next()`. True when `flush` must be awaited before the next row. */
  add(label: RowLabel): boolean {
    for (const name of COLUMNS) this.#columns[name].push(label[name]);
    this.#buffered += 1;
    return this.#buffered === BUFFER_ROWS;
  }

  /** Errors: `disk_full`. */
  async flush(): Promise<void> {
    try {
      // `write` may write a part of it only, on a disk that is nearly full.
      await this.#handle.writeFile(bytesOf(this.#buffer.subarray(0, this.#buffered * FEATURE_WIDTHS.total)));
    } catch (error) {
      throw codedWriteError(error, paths(this.#stem).features);
    }
    this.#buffered = 0;
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#handle.close();
    await writeArrow(
      paths(this.#stem).rows,
      Object.fromEntries(COLUMNS.map((name) => [name, this.#columns[name].view()])),
    );
  }
}
