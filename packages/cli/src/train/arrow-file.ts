import { rename, writeFile } from 'node:fs/promises';
import { Bool, tableToIPC, Table, Utf8, vectorFromArray, makeVector } from 'apache-arrow';
import { codedWriteError } from '../write-error.ts';

type Column =
  | Uint8Array
  | Int16Array
  | Int32Array
  | Float32Array
  | Float64Array
  | { readonly texts: readonly string[] }
  | { readonly flags: readonly boolean[] };

function vectorOf(column: Column) {
  if ('texts' in column) return vectorFromArray(column.texts, new Utf8());
  if ('flags' in column) return vectorFromArray(column.flags, new Bool());
  return makeVector(column as Float64Array);
}

/** Writes columns of equal length as one uncompressed Arrow IPC file, whole or not at all. Errors: `disk_full`. */
export async function writeArrow(path: string, columns: Readonly<Record<string, Column>>): Promise<void> {
  const vectors = Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, vectorOf(column)]));
  await writeWhole(path, tableToIPC(new Table(vectors), 'file'));
}

/** Writes a file under its name only when it is complete. Errors: `disk_full`. */
export async function writeWhole(path: string, content: Uint8Array | string): Promise<void> {
  const draft = `${path}.part`;
  try {
    await writeFile(draft, content);
    await rename(draft, path);
  } catch (error) {
    throw codedWriteError(error, path);
  }
}

/** Bytes of a typed array, without a copy. All machines that we run on are little-endian, as the files are. */
export function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
