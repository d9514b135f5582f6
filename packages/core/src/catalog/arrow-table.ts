import { tableFromIPC, type Table, type Vector } from 'apache-arrow';

type NumericArray = Int8Array | Uint8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** Columns of an Arrow IPC file by name, as plain arrays. A missing column throws, naming it. */
export class ArrowTable {
  readonly rowCount: number;
  readonly #table: Table;

  constructor(bytes: Uint8Array) {
    this.#table = tableFromIPC(bytes);
    this.rowCount = this.#table.numRows;
  }

  #column(name: string): Vector {
    const column = this.#table.getChild(name);
    if (column === null) throw new Error(`column ${name} is missing`);
    return column;
  }

  /** A numeric column, as one typed array. */
  numbers<T extends NumericArray>(name: string, type: new (length: number) => T): T {
    const values = new type(this.rowCount);
    const source = this.#column(name).toArray() as NumericArray;
    if (source.constructor !== type) throw new Error(`column ${name} is a ${source.constructor.name}, not a ${type.name}`);
    values.set(source as never);
    return values;
  }

  texts(name: string): string[] {
    const column = this.#column(name);
    return Array.from({ length: this.rowCount }, (_, i) => String(column.get(i) ?? ''));
  }

  /** A boolean column as 0 and 1. */
  flags(name: string): Uint8Array {
    const column = this.#column(name);
    return Uint8Array.from({ length: this.rowCount }, (_, i) => (column.get(i) === true ? 1 : 0));
  }
}
