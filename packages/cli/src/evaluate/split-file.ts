import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import type { EventStore } from '@shortlist/core/stores/event-store.ts';
import type { EvaluationUnit } from './unit.ts';

/**
 * Units of a given split, in order of their ids. The slate is asked for at the end of training; everything that the user
 * touched before counts as bought, since such splits mask it. Published figures of such splits average over every line,
 * so an item that training never saw is a miss, not left out.
 */
export async function splitUnits(
  relevant: RelevantItems,
  events: EventStore,
  rowOf: (itemId: string) => number,
  requestS: number,
): Promise<EvaluationUnit[]> {
  const histories = new Map([...relevant.keys()].map((user) => [user, newHistory()]));
  for await (const batch of events.stream({ beforeS: requestS }))
    for (let i = 0; i < batch.count; i++) {
      const history = histories.get(batch.userIds[i] ?? '');
      if (history === undefined) continue;
      history.itemIds.push(batch.itemIds[i]!);
      history.types.push(batch.types[i]!);
      history.timesS.push(batch.timesS[i]!);
    }
  return [...relevant]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, items]) => {
      const { itemIds, types, timesS } = histories.get(id)!;
      return {
        id,
        kind: 'user',
        history: { itemIds, types: Uint8Array.from(types), timesS: Float64Array.from(timesS) },
        requestS,
        truth: new Set([...items].map((item, i) => (rowOf(item) >= 0 ? rowOf(item) : -1 - i))),
        unseenTruth: [...items].filter((item) => rowOf(item) < 0),
        bought: new Set(itemIds.map(rowOf).filter((row) => row >= 0)),
      };
    });
}

/**
 * Unix seconds of the unit's last purchase in training, or of its request without one. A split that holds out everybody's
 * last purchase knows what others did after it; up to this moment nobody knows anything of the future.
 */
export function lastPurchaseS({ history, requestS }: EvaluationUnit): number {
  const last = history.types.lastIndexOf(EVENT_CODE.purchase);
  return last < 0 ? requestS : history.timesS[last]!;
}

/** Relevant items by user, in the order of the file. */
export type RelevantItems = ReadonlyMap<string, ReadonlySet<string>>;

const newHistory = () => ({ itemIds: [] as string[], types: [] as number[], timesS: [] as number[] });

/**
 * Reads a CSV with the columns `user,item`, one line per relevant item.
 * @throws `file_unreadable`, `file_columns_missing`, `dataset_unusable` (no lines)
 */
export async function readSplitFile(file: string): Promise<RelevantItems> {
  const relevant = new Map<string, Set<string>>();
  const parser = parse({ columns: checkColumns(file), bom: true, trim: true });
  // `pipe` would not tell the parser of a file that cannot be read; whoever iterates gets the error.
  const lines = pipeline(createReadStream(file), parser, () => undefined);
  try {
    for await (const { user, item } of lines as AsyncIterable<{ user: string; item: string }>)
      relevant.set(user, (relevant.get(user) ?? new Set()).add(item));
  } catch (error) {
    throw codedReadError(error, file);
  }
  if (relevant.size === 0)
    throw new ShortlistError('dataset_unusable', { file, reason: 'it has no lines after the first' });
  return relevant;
}

const checkColumns = (file: string) => (found: string[]) => {
  const missing = ['user', 'item'].filter((name) => !found.includes(name));
  if (missing.length > 0)
    throw new ShortlistError('file_columns_missing', { file, missing: missing.join(', '), found: found.join(',') });
  return found;
};

function codedReadError(error: unknown, file: string): unknown {
  if (error instanceof CsvError)
    return new ShortlistError(
      'file_unreadable',
      { file, line: Number(error.lines), reason: error.message },
      { cause: error },
    );
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall === undefined) return error;
  return new ShortlistError('file_unreadable', { file, line: 0, reason: code ?? 'unknown' }, { cause: error });
}
