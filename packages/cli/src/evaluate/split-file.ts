import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { EventStore } from '@shortlist/core/stores/event-store.ts';
import type { EvaluationUnit } from './unit.ts';

/**
 * Units of a given split: a CSV with the columns `user,item`, one line per relevant item. The slate is asked for at the
 * end of training; everything that the user touched before counts as bought, since such splits mask it.
 * @throws `dataset_missing`, `field_invalid` (columns)
 */
export async function readSplitFile(
  file: string,
  events: EventStore,
  rowOf: (itemId: string) => number,
  requestS: number,
): Promise<EvaluationUnit[]> {
  const relevant = await readRelevant(file);
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
        truth: new Set([...items].map(rowOf).filter((row) => row >= 0)),
        unseenTruth: [...items].filter((item) => rowOf(item) < 0),
        bought: new Set(itemIds.map(rowOf).filter((row) => row >= 0)),
      };
    });
}

const newHistory = () => ({ itemIds: [] as string[], types: [] as number[], timesS: [] as number[] });

async function readRelevant(file: string): Promise<Map<string, Set<string>>> {
  const relevant = new Map<string, Set<string>>();
  const lines = createReadStream(file).pipe(parse({ columns: true, trim: true }));
  try {
    for await (const line of lines as AsyncIterable<Record<string, string>>) {
      const { user, item } = line;
      if (user === undefined || item === undefined)
        throw new ShortlistError('field_invalid', { field: file, reason: 'its columns must be user,item' });
      relevant.set(user, (relevant.get(user) ?? new Set()).add(item));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new ShortlistError('field_invalid', { field: '--split-file', reason: `there is no file ${file}` });
    throw error;
  }
  return relevant;
}
