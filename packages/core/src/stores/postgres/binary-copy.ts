import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { PoolClient } from 'pg';
import { from } from 'pg-copy-streams';
import { BinaryWriter } from './binary-values.ts';

const SIGNATURE = Buffer.from('PGCOPY\n\u00ff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const CHUNK_BYTES = 1 << 18;

/**
 * Sends rows into `target` (`table (columns)`) by COPY in binary format. `writeRow` writes the fields of row i, all of
 * the `columns`, in order.
 */
export async function copyBinary(
  client: PoolClient,
  target: { readonly table: string; readonly columns: readonly string[] },
  rows: number,
  writeRow: (writer: BinaryWriter, i: number) => void,
): Promise<void> {
  const { table, columns } = target;
  const stream = client.query(from(`COPY ${table} (${columns.join(', ')}) FROM STDIN WITH (FORMAT binary)`));
  const done = finished(stream, { readable: false });
  // Awaited below; until then a failure must not count as unhandled.
  done.catch(() => undefined);
  const writer = new BinaryWriter(CHUNK_BYTES + (1 << 16));
  const send = async () => {
    const room = stream.write(Buffer.from(writer.written));
    writer.reset();
    if (!room) await Promise.race([once(stream, 'drain'), done]);
  };
  stream.write(SIGNATURE);
  for (let i = 0; i < rows; i++) {
    writer.int16(columns.length);
    writeRow(writer, i);
    if (writer.length >= CHUNK_BYTES) await send();
  }
  writer.int16(-1);
  stream.end(Buffer.from(writer.written));
  await done;
}
