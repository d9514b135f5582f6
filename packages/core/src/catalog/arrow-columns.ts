import { tableFromIPC, type Table, type Vector } from 'apache-arrow';
import { ShortlistError } from '../contracts/errors.ts';
import { firstNotFinite } from './finite.ts';
import { atOnce, inPieces, PIECE, type Pieces } from './pieces.ts';

/** Values that are decoded one by one between two yields. */
const DECODED_PIECE = 1024;
const TEXT_TYPES = [
  'Utf8',
  'LargeUtf8',
  'Dictionary<Int32, Utf8>',
  'Dictionary<Int8, Utf8>',
  'Dictionary<Int16, Utf8>',
];

/**
 * The columns of one Arrow file, checked for type and nulls as they are taken out, so that whoever reads them holds
 * plain typed arrays. Errors of every method: `release_file_invalid`, naming the file and the column.
 */
export class ArrowColumns {
  readonly count: number;
  readonly #file: string;
  readonly #table: Table;

  /** `bytes`: a whole Arrow IPC file or stream, uncompressed; `file`: its name, for messages. */
  constructor(bytes: Uint8Array, file: string) {
    this.#file = file;
    try {
      this.#table = tableFromIPC(bytes);
      this.count = this.#table.numRows;
    } catch (error) {
      throw this.#invalid(`it is no Arrow file (${(error as Error).message})`, error);
    }
  }

  int32(name: string): Int32Array {
    return owned(this.int32View(name));
  }

  /** As `int32`, but perhaps a view of the file's bytes: for a column that is looked at and let go. */
  int32View(name: string): Int32Array {
    return this.#values(name, 'Int32');
  }

  uint8(name: string): Uint8Array {
    return owned<Uint8Array>(this.#values(name, 'Uint8'));
  }

  float32(name: string): Float32Array {
    return owned<Float32Array>(this.#values(name, 'Float32'));
  }

  float64(name: string): Float64Array {
    return owned<Float64Array>(this.#values(name, 'Float64'));
  }

  /** Utf8, plain or dictionary-encoded. */
  text(name: string): string[] {
    return atOnce(this.textInPieces(name));
  }

  *textInPieces(name: string): Pieces<string[]> {
    const column = this.#column(name, TEXT_TYPES);
    const texts: string[] = [];
    yield* inPieces(this.count, DECODED_PIECE, (from, until) => {
      for (let row = from; row < until; row++) texts.push(column.get(row) as string);
    });
    return texts;
  }

  /** Booleans as 0 and 1. */
  *flagsInPieces(name: string): Pieces<Uint8Array> {
    const column = this.#column(name, ['Bool']);
    const flags = new Uint8Array(this.count);
    yield* inPieces(this.count, DECODED_PIECE, (from, until) => {
      for (let row = from; row < until; row++) flags[row] = column.get(row) === true ? 1 : 0;
    });
    return flags;
  }

  /** As `int32`, and every value is a row number below `rowCount`. */
  rows(name: string, rowCount: number): Int32Array {
    const rows = new Int32Array(this.count);
    atOnce(this.rowsInto(name, rowCount, rows));
    return rows;
  }

  /** As `rows`, into `out`, `[count]`. */
  *rowsInto(name: string, rowCount: number, out: Int32Array): Pieces<void> {
    const rows = this.int32View(name);
    yield* inPieces(rows.length, PIECE, (from, until) => {
      out.set(rows.subarray(from, until), from);
      for (let i = from; i < until; i++)
        if (out[i]! < 0 || out[i]! >= rowCount)
          throw this.#invalid(`column ${name} has row ${out[i]!} of ${rowCount} at line ${i}`);
    });
  }

  /** As `float32`, and every value is finite. */
  scores(name: string): Float32Array {
    const scores = new Float32Array(this.count);
    atOnce(this.scoresInto(name, scores));
    return scores;
  }

  /** As `scores`, into `out`, `[count]`. */
  *scoresInto(name: string, out: Float32Array): Pieces<void> {
    const scores = this.#values<Float32Array>(name, 'Float32');
    yield* inPieces(scores.length, PIECE, (from, until) => out.set(scores.subarray(from, until), from));
    const i = yield* firstNotFinite(out);
    if (i >= 0) throw this.#invalid(`column ${name} is ${out[i]!} at line ${i}`);
  }

  /** The error that refuses this file, for checks beyond those of one column. */
  refuse(reason: string): ShortlistError {
    return this.#invalid(reason);
  }

  /** Perhaps a view that keeps the whole file in memory. */
  #values<T extends Numbers>(name: string, type: string): T {
    return this.#column(name, [type]).toArray() as T;
  }

  /** `types`: as apache-arrow spells them. */
  #column(name: string, types: readonly string[]): Vector {
    const column = this.#table.getChild(name);
    if (column === null) throw this.#invalid(`column ${name} is missing`);
    const type = String(column.type);
    if (!types.includes(type)) throw this.#invalid(`column ${name} is ${type}, not ${types[0]!}`);
    if (column.nullCount > 0) throw this.#invalid(`column ${name} has ${column.nullCount} nulls`);
    return column;
  }

  #invalid(reason: string, cause?: unknown): ShortlistError {
    return new ShortlistError('release_file_invalid', { file: this.#file, reason }, { cause });
  }
}

type Numbers = Int32Array | Uint8Array | Float32Array | Float64Array;

/** A copy, unless nothing else is in its memory: a column of several batches was just put together. */
const owned = <T extends Numbers>(values: T): T =>
  values.byteLength === values.buffer.byteLength ? values : (values.slice() as T);
