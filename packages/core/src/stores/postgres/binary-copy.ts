import { finished } from 'node:stream/promises';
import type { PoolClient } from 'pg';
import { from } from 'pg-copy-streams';
import { BinaryWriter } from './binary-values.ts';

const SIGNATURE = Buffer.from('PGCOPY\n\u00ff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
/** What the server reads as one message before it looks at it. */
const CHUNK_BYTES = 1 << 16;
const TRAILER = Buffer.from([0xff, 0xff]);
const UNIQUE_VIOLATION = '23505';

export interface CopyTarget {
  readonly table: string;
  readonly columns: readonly string[];
}

/** Rows in COPY's binary format. `writeRow` writes the fields of row i, all of the columns, in order. */
export function encodeRows(
  { columns }: CopyTarget,
  rows: number,
  writeRow: (writer: BinaryWriter, i: number) => void,
): Buffer {
  const writer = new BinaryWriter();
  for (let i = 0; i < rows; i++) {
    writer.int16(columns.length);
    writeRow(writer, i);
  }
  return writer.written;
}

/** Sends encoded rows into a table by COPY. */
export async function copyEncoded(
  client: PoolClient,
  { table, columns }: CopyTarget,
  rows: readonly Buffer[],
): Promise<void> {
  const stream = client.query(from(`COPY ${table} (${columns.join(', ')}) FROM STDIN WITH (FORMAT binary)`));
  const done = finished(stream, { readable: false });
  stream.write(SIGNATURE);
  // All at once: the rows are in memory anyhow, and the server must not wait for our turn to send it more.
  for (const piece of rows)
    for (let start = 0; start < piece.length; start += CHUNK_BYTES)
      stream.write(piece.subarray(start, start + CHUNK_BYTES));
  stream.end(TRAILER);
  await done;
}

/**
 * Sends encoded rows unless one of them is there already: then none, and the answer is false. In a transaction, whose
 * end releases the savepoint.
 */
export async function copyUnlessThere(
  client: PoolClient,
  target: CopyTarget,
  rows: readonly Buffer[],
): Promise<boolean> {
  await client.query('SAVEPOINT copy');
  try {
    await copyEncoded(client, target, rows);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error;
    await client.query('ROLLBACK TO SAVEPOINT copy');
    return false;
  }
}
