import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { EVENT_CODE, EVENT_WEIGHT } from '@shortlist/core/contracts/events.ts';
import { fillItemMetadata, METADATA_DIM } from '@shortlist/core/features/item-metadata.ts';
import { bytesOf, writeArrow, writeWhole } from './arrow-file.ts';
import { countBefore, type TrainingLog } from './training-log.ts';

/** The catalogue as files in `dir`: items.arrow and item-metadata.f32 [N, METADATA_DIM]. */
async function exportItems(log: TrainingLog, dir: string): Promise<void> {
  const { items } = log;
  await writeArrow(join(dir, 'items.arrow'), {
    row: Int32Array.from(items, (_, row) => row),
    item_id: { texts: items.map((item) => item.itemId) },
    title: { texts: items.map((item) => item.title) },
    category: { texts: items.map((item) => item.category) },
    brand: { texts: items.map((item) => item.brand) },
    price: Float32Array.from(items, (item) => item.price),
    created_at: Float64Array.from(items, (item) => item.createdAtS),
    available: { flags: items.map((item) => item.available) },
  });
  const metadata = new Float32Array(items.length * METADATA_DIM);
  items.forEach((item, row) => fillItemMetadata(item, metadata, row));
  await writeWhole(join(dir, 'item-metadata.f32'), bytesOf(metadata));
}

/**
 * Writes what Python fits a fold's sources on: the catalogue and the events before `untilS`, impressions excepted (they
 * say what was shown, not what was wanted, and outnumber everything). Returns how many events were written.
 */
export async function exportFold(
  log: TrainingLog,
  fold: { readonly name: string; readonly untilS: number },
  dir: string,
): Promise<number> {
  await mkdir(dir, { recursive: true });
  await exportItems(log, dir);
  const until = countBefore(log, fold.untilS);
  let count = 0;
  for (let e = 0; e < until; e++) if (log.types[e] !== EVENT_CODE.impression) count += 1;
  const actor = new Int32Array(count);
  const row = new Int32Array(count);
  const type = new Uint8Array(count);
  const time = new Float64Array(count);
  const weight = new Float32Array(count);
  let at = 0;
  for (let e = 0; e < until; e++) {
    if (log.types[e] === EVENT_CODE.impression) continue;
    actor[at] = log.actors[e]!;
    row[at] = log.rows[e]!;
    type[at] = log.types[e]!;
    time[at] = log.timesS[e]!;
    weight[at] = EVENT_WEIGHT[log.types[e]!]!;
    at += 1;
  }
  await writeArrow(join(dir, 'events.arrow'), { actor, row, type, time, weight });
  await writeWhole(
    join(dir, 'fold.json'),
    `${JSON.stringify({ name: fold.name, until_s: fold.untilS, items: log.items.length, events: count, actors: log.actorCount }, null, 1)}\n`,
  );
  return count;
}
