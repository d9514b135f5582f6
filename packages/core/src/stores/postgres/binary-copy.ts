import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { PoolClient } from 'pg';
import { from } from 'pg-copy-streams';
import { BinaryWriter } from './binary-values.ts';

const SIGNATURE = Buffer.from('PGCOPY\n\u00ff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const CHUNK_BYTES = 1 << 18;

export interface CopyTarget {
  readonly table: string;
  readonly columns: readonly string[];
}

/** Rows in COPY's binary format, in pieces. `writeRow` writes the fields of row i, all of the columns, in order. */
export function encodeRows(
  { columns }: CopyTarget,
  rows: number,
  writeRow: (writer: BinaryWriter, i: number) => void,
): Buffer[] {
  const chunks: Buffer[] = [SIGNATURE];
  let writer = new BinaryWriter(CHUNK_BYTES + (1 << 14));
  for (let i = 0; i < rows; i++) {
    writer.int16(columns.length);
    writeRow(writer, i);
    if (writer.length < CHUNK_BYTES) continue;
    chunks.push(writer.written);
    writer = new BinaryWriter(CHUNK_BYTES + (1 << 14));
  }
  writer.int16(-1);
  chunks.push(writer.written);
  return chunks;
}

/** Sends encoded rows into a table by COPY. */
export async function copyEncoded(
  client: PoolClient,
  { table, columns }: CopyTarget,
  chunks: readonly Buffer[],
): Promise<void> {
  const stream = client.query(from(`COPY ${table} (${columns.join(', ')}) FROM STDIN WITH (FORMAT binary)`));
  const done = finished(stream, { readable: false });
  // Awaited below; until then a failure must not count as unhandled.
  done.catch(() => undefined);
  for (const chunk of chunks) if (!stream.write(chunk)) await Promise.race([once(stream, 'drain'), done]);
  stream.end();
  await done;
}
