import { basename } from 'node:path';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { CsvRecords } from './csv-records.ts';
import type { Line } from './lines.ts';
import type { FileReader, Sink } from './sink.ts';

/** A record by column name. */
export type CsvRow = Readonly<Record<string, string>>;

export interface CsvReaderOptions {
  readonly path: string;
  /** Columns that must be there. */
  readonly required: readonly string[];
  /** Takes a row; returns why it cannot be used, or undefined. */
  readonly row: (row: CsvRow, sink: Sink, line: number) => string | undefined;
  readonly end?: (sink: Sink) => void;
}

/**
 * Reads a CSV file with a header line. Records that cannot be used are rejected with their line.
 * @throws `file_columns_missing`, `file_unreadable` (a broken header), `dataset_unusable` (no header at all)
 */
export function csvReader({ path, required, row, end }: CsvReaderOptions): FileReader {
  let header: readonly string[] | undefined;
  let sink: Sink;
  const records = new CsvRecords(
    ({ number, fields, raw }) => {
      if (header === undefined) {
        header = fields.map((field) => field.trim());
        checkHeader(header, required, path);
        return;
      }
      if (fields.length !== header.length) {
        sink.reject(number, `${fields.length} columns where the header has ${header.length}`, raw);
        return;
      }
      // No prototype: a column may be named `__proto__`.
      const record = Object.create(null) as Record<string, string>;
      for (let i = 0; i < header.length; i++) record[header[i]!] = fields[i]!;
      const problem = row(record, sink, number);
      if (problem !== undefined) sink.reject(number, problem, raw);
    },
    ({ number, reason, raw }) => {
      if (header === undefined)
        throw new ShortlistError('file_unreadable', { file: basename(path), line: number, reason });
      sink.reject(number, reason, raw);
    },
  );
  return {
    line(line: Line, to: Sink) {
      sink = to;
      records.push(line);
    },
    end(to: Sink) {
      sink = to;
      records.end();
      if (header === undefined) {
        throw new ShortlistError('dataset_unusable', { file: basename(path), reason: 'it is empty' });
      }
      end?.(to);
    },
  };
}

function checkHeader(header: readonly string[], required: readonly string[], path: string): void {
  const twice = header.find((column, i) => header.indexOf(column) < i);
  if (twice !== undefined)
    throw new ShortlistError('file_unreadable', { file: basename(path), line: 1, reason: `two columns ${twice}` });
  const missing = required.filter((column) => !header.includes(column));
  if (missing.length === 0) return;
  const found = header.join(', ').slice(0, 200);
  throw new ShortlistError('file_columns_missing', { file: basename(path), missing: missing.join(', '), found });
}
