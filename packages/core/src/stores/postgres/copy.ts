import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { PoolClient } from 'pg';
import { from } from 'pg-copy-streams';

const SPECIAL = /[\\\t\n\r]/;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** One value in the COPY text format; null is `\N`. */
export function copyValue(value: string | number | boolean | null): string {
  if (value === null) return '\\N';
  if (typeof value !== 'string') return String(value);
  return SPECIAL.test(value) ? value.replace(/[\\\t\n\r]/g, (special) => ESCAPES[special]!) : value;
}

/** An array literal (`{"a","b"}`) in the COPY text format. */
export function copyArray(values: Iterable<string | number>): string {
  const elements = Array.from(values, (value) =>
    typeof value === 'number' ? String(value) : `"${value.replace(/[\\"]/g, '\\$&')}"`,
  );
  return copyValue(`{${elements.join(',')}}`);
}

/** How much text one chunk to the server holds: large enough to cost nothing per row, small enough to stream. */
const CHUNK_CHARACTERS = 1 << 18;

/** Sends `rows` into `table`; `toCopyRow` gives a row's values in COPY text format, parted by tabs. */
export async function copyRows<T>(
  client: PoolClient,
  table: string,
  rows: Iterable<T>,
  toCopyRow: (row: T) => string,
): Promise<void> {
  function* chunks() {
    let chunk = '';
    for (const row of rows) {
      chunk += `${toCopyRow(row)}\n`;
      if (chunk.length >= CHUNK_CHARACTERS) {
        yield chunk;
        chunk = '';
      }
    }
    if (chunk !== '') yield chunk;
  }
  await pipeline(Readable.from(chunks(), { objectMode: true }), client.query(from(`COPY ${table} FROM STDIN`)));
}
