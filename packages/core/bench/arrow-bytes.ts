import { makeVector, Table, tableToIPC } from 'apache-arrow';

type Column = Int32Array | Float32Array | Float64Array | Uint8Array;

/** An Arrow IPC file of number columns. */
export function arrowBytes(columns: Readonly<Record<string, Column>>): Uint8Array {
  const vectors = Object.entries(columns).map(([name, column]) => [name, makeVector(column)] as const);
  return tableToIPC(new Table(Object.fromEntries(vectors)), 'file');
}
