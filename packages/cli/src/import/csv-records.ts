import type { Line } from './lines.ts';

/** A quoted field may go over lines, but not over so many: behind a lost quote lies the rest of the file. */
const RECORD_LINES_MAX = 50;

export interface CsvRecord {
  /** Line on which the record begins. */
  readonly number: number;
  readonly fields: readonly string[];
  readonly raw: string;
}

export interface CsvReject {
  readonly number: number;
  readonly reason: string;
  readonly raw: string;
}

/** The fields of one record (RFC 4180, comma), or what is wrong with it. */
function splitRecord(text: string): readonly string[] | { readonly problem: string } {
  if (!text.includes('"')) return text.split(',');
  const fields: string[] = [];
  for (let i = 0; ;) {
    if (text[i] !== '"') {
      const comma = text.indexOf(',', i);
      const field = comma < 0 ? text.slice(i) : text.slice(i, comma);
      if (field.includes('"')) return { problem: `column ${fields.length + 1}: a quote inside an unquoted field` };
      fields.push(field);
      if (comma < 0) return fields;
      i = comma + 1;
      continue;
    }
    let end = i + 1;
    // A doubled quote stands for one; the next single one closes the field.
    for (;;) {
      end = text.indexOf('"', end);
      if (end < 0) return { problem: `column ${fields.length + 1}: the quote is not closed` };
      if (text[end + 1] !== '"') break;
      end += 2;
    }
    fields.push(text.slice(i + 1, end).replaceAll('""', '"'));
    if (end + 1 === text.length) return fields;
    if (text[end + 1] !== ',') return { problem: `column ${fields.length}: text after the closing quote` };
    i = end + 2;
  }
}

function countQuotes(text: string): number {
  let count = 0;
  for (let i = text.indexOf('"'); i >= 0; i = text.indexOf('"', i + 1)) count += 1;
  return count;
}

/**
 * Puts lines together to CSV records. Written by hand for what streaming parsers do not do: a broken record costs its
 * first line only (reading goes on with the next one), and every outcome knows its line. A property test compares it
 * with csv-parse on well-formed input.
 */
export class CsvRecords {
  readonly #onRecord: (record: CsvRecord) => void;
  readonly #onReject: (reject: CsvReject) => void;
  #pending: Line[] = [];
  #quotes = 0;

  constructor(onRecord: (record: CsvRecord) => void, onReject: (reject: CsvReject) => void) {
    this.#onRecord = onRecord;
    this.#onReject = onReject;
  }

  push(line: Line): void {
    if (line.problem !== undefined) {
      this.#giveUp();
      this.#onReject({ number: line.number, reason: line.problem, raw: line.text });
      return;
    }
    // An empty line between records is nothing; inside a quoted field it belongs to it.
    if (line.text === '' && this.#pending.length === 0) return;
    this.#pending.push(line);
    this.#quotes += countQuotes(line.text);
    // With an odd number of quotes some field is still open.
    if (this.#quotes % 2 === 0) this.#take();
    else if (this.#pending.length >= RECORD_LINES_MAX) this.#reject('the quote is not closed');
  }

  end(): void {
    this.#giveUp();
  }

  #giveUp(): void {
    while (this.#pending.length > 0) this.#reject('the quote is not closed');
  }

  #take(): void {
    const raw = this.#pending.length === 1 ? this.#pending[0]!.text : this.#pending.map(({ text }) => text).join('\n');
    const fields = splitRecord(raw);
    if ('problem' in fields) {
      this.#reject(fields.problem);
      return;
    }
    const { number } = this.#pending[0]!;
    this.#pending = [];
    this.#quotes = 0;
    this.#onRecord({ number, fields, raw });
  }

  /** The record's first line is bad; those after it are read again, as records of their own. */
  #reject(reason: string): void {
    const [first, ...others] = this.#pending;
    this.#pending = [];
    this.#quotes = 0;
    this.#onReject({ number: first!.number, reason, raw: first!.text });
    for (const line of others) this.push(line);
  }
}
