import { DataType, tableFromIPC, type Table, type Vector } from 'apache-arrow';
import { ShortlistError } from '../contracts/errors.ts';

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
    return this.#typed(
      name,
      'int32',
      (type) => DataType.isInt(type) && type.bitWidth === 32 && type.isSigned,
      Int32Array,
    );
  }

  uint8(name: string): Uint8Array {
    return this.#typed(
      name,
      'uint8',
      (type) => DataType.isInt(type) && type.bitWidth === 8 && !type.isSigned,
      Uint8Array,
    );
  }

  float32(name: string): Float32Array {
    return this.#typed(name, 'float32', (type) => DataType.isFloat(type) && type.precision === 1, Float32Array);
  }

  float64(name: string): Float64Array {
    return this.#typed(name, 'float64', (type) => DataType.isFloat(type) && type.precision === 2, Float64Array);
  }

  /** Utf8, plain or dictionary-encoded. */
  text(name: string): string[] {
    const isText = (type: DataType): boolean =>
      DataType.isUtf8(type) || DataType.isLargeUtf8(type) || (DataType.isDictionary(type) && isText(type.dictionary));
    const column = this.#column(name, 'utf8', isText);
    return Array.from({ length: this.count }, (_, row) => column.get(row) as string);
  }

  /** Booleans as 0 and 1. */
  flags(name: string): Uint8Array {
    const column = this.#column(name, 'bool', (type) => DataType.isBool(type));
    return Uint8Array.from({ length: this.count }, (_, row) => (column.get(row) === true ? 1 : 0));
  }

  /** As `int32`, and every value is a row number below `rowCount`. */
  rows(name: string, rowCount: number): Int32Array {
    const rows = this.int32(name);
    const bad = rows.findIndex((row) => row < 0 || row >= rowCount);
    if (bad >= 0) throw this.#invalid(`column ${name} has row ${rows[bad]!} of ${rowCount} at line ${bad}`);
    return rows;
  }

  /** As `float32`, and every value is finite. */
  scores(name: string): Float32Array {
    const scores = this.float32(name);
    const bad = scores.findIndex((score) => !Number.isFinite(score));
    if (bad >= 0) throw this.#invalid(`column ${name} is ${scores[bad]!} at line ${bad}`);
    return scores;
  }

  /** The error that refuses this file, for checks beyond those of one column. */
  refuse(reason: string): ShortlistError {
    return this.#invalid(reason);
  }

  #typed<T>(
    name: string,
    wanted: string,
    accepts: (type: DataType) => boolean,
    // Copied out: the reader's arrays may be unaligned views that keep the whole file in memory.
    Copy: { from(values: ArrayLike<number>): T },
  ): T {
    return Copy.from(this.#column(name, wanted, accepts).toArray() as ArrayLike<number>);
  }

  #column(name: string, wanted: string, accepts: (type: DataType) => boolean): Vector {
    const column = this.#table.getChild(name);
    if (column === null) throw this.#invalid(`column ${name} is missing`);
    if (!accepts(column.type as DataType))
      throw this.#invalid(`column ${name} is ${String(column.type)}, not ${wanted}`);
    if (column.nullCount > 0) throw this.#invalid(`column ${name} has ${column.nullCount} nulls`);
    return column;
  }

  #invalid(reason: string, cause?: unknown): ShortlistError {
    return new ShortlistError('release_file_invalid', { file: this.#file, reason }, { cause });
  }
}
