import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { csvReader, type CsvRow } from './csv-reader.ts';
import { OccurrenceCounter } from './event-id.ts';
import { SeenItems } from './seen-items.ts';
import type { FileReader, Sink, SourceFile } from './sink.ts';
import { eventTaker, takeImpression, takeItem, type TakeRecord } from './source-records.ts';

/** Columns of CSV files that hold numbers. */
const NUMBERS = new Set(['price', 'value', 'quantity', 'position']);
const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, false: false, '1': true, '0': false };

/** A row's cells as the types of contracts/source-files.ts; an empty cell is an absent field. */
function typedRecord(row: CsvRow): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(row)) {
    if (text === '' && name !== 'title') continue;
    if (NUMBERS.has(name)) record[name] = text.trim() === '' ? text : Number(text);
    else if (name === 'available') record[name] = BOOLEANS[text.toLowerCase()] ?? text;
    else if (name === 'attributes') record[name] = parsedOr(text);
    else if (name !== '__proto__') record[name] = text;
  }
  return record;
}

/** JSON's value, or the text itself, which the schema then refuses. */
function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function jsonLinesReader(take: TakeRecord, end?: (sink: Sink) => void): FileReader {
  return {
    line({ number, text, problem }, sink) {
      if (problem === undefined && text.trim() === '') return;
      const reason = problem ?? takeJson(text, take, sink);
      if (reason !== undefined) sink.reject(number, reason, text);
    },
    end: (sink) => end?.(sink),
  };
}

function takeJson(text: string, take: TakeRecord, sink: Sink): string | undefined {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch (error) {
    return `not JSON: ${(error as Error).message.slice(0, 100)}`;
  }
  return take(record, sink);
}

/** The file under `folder` by its plain or gzipped name, if it is there. */
export function findFile(folder: string, name: string): string | undefined {
  return [join(folder, name), join(folder, `${name}.gz`)].find((path) => existsSync(path));
}

function eventsReader(format: 'csv' | 'jsonl', path: string, hasCatalogue: boolean): FileReader {
  const seen = new SeenItems();
  const take = eventTaker(new OccurrenceCounter(), (itemId, timeS) => {
    if (!hasCatalogue) seen.see(itemId, timeS);
  });
  const end = (sink: Sink) => seen.emit(sink);
  if (format === 'jsonl') return jsonLinesReader(take, end);
  const row = (record: CsvRow, sink: Sink) => take(typedRecord(record), sink);
  return csvReader({ path, required: ['item_id', 'type', 'timestamp'], row, end });
}

/**
 * The files of a shop in the formats of contracts/source-files.ts: items, events and (JSON lines only) impressions.
 * Items come first, so that a catalogue is complete before its events; without an items file the items are those of
 * the events, under placeholder titles.
 */
export function shopFiles(format: 'csv' | 'jsonl', folder: string): SourceFile[] {
  const items = findFile(folder, `items.${format}`);
  const events = findFile(folder, `events.${format}`);
  const impressions = format === 'jsonl' ? findFile(folder, 'impressions.jsonl') : undefined;
  const files: SourceFile[] = [];
  if (items !== undefined) {
    const row = (record: CsvRow, sink: Sink) => takeItem(typedRecord(record), sink);
    const createReader = () =>
      format === 'jsonl' ? jsonLinesReader(takeItem) : csvReader({ path: items, required: ['item_id', 'title'], row });
    files.push({ id: `${format}-items`, what: 'items', path: items, createReader });
  }
  if (events !== undefined) {
    const createReader = () => eventsReader(format, events, items !== undefined);
    files.push({ id: `${format}-events`, what: 'events', path: events, createReader });
  }
  if (impressions !== undefined) {
    const createReader = () => jsonLinesReader(takeImpression);
    files.push({ id: 'jsonl-impressions', what: 'impressions', path: impressions, createReader });
  }
  return files;
}
