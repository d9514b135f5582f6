import { open, readdir, readFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { ArrowColumns } from '../catalog/arrow-columns.ts';
import { ShortlistError } from '../contracts/errors.ts';
import { EVENT_WEIGHT } from '../contracts/events.ts';
import type { Profile } from '../contracts/profile.ts';
import type { RankerBatch, RankerWidths } from './ranker.ts';
import { TOWER_EVENTS_MAX } from './user-tower.ts';

/**
 * Profiles of real people, to measure the index and to make golden outputs with: of the actors in the fold's events, at
 * most `count`, evenly spaced. The events are in time order, so each profile is oldest first.
 */
export async function realProfiles(foldDir: string, count: number): Promise<Profile[]> {
  const table = new ArrowColumns(await readFile(join(foldDir, 'events.arrow')), 'events.arrow');
  const [actors, rows] = [table.int32('actor'), table.int32('row')];
  const [types, timesS] = [table.uint8('type'), table.float64('time')];
  const counts = new Map<number, number>();
  for (let e = 0; e < actors.length; e++)
    if (EVENT_WEIGHT[types[e]!]! > 0) counts.set(actors[e]!, (counts.get(actors[e]!) ?? 0) + 1);
  const capable = [...counts].filter(([, events]) => events >= 2).map(([actor]) => actor);
  capable.sort((a, b) => a - b);
  const step = Math.max(1, capable.length / count);
  const chosen = new Map<number, number[]>();
  for (let i = 0; i < Math.min(count, capable.length); i++) chosen.set(capable[Math.floor(i * step)]!, []);
  for (let e = 0; e < actors.length; e++) chosen.get(actors[e]!)?.push(e);
  return [...chosen.values()].map((all) => {
    const events = all.slice(-2 * TOWER_EVENTS_MAX);
    return {
      length: events.length,
      rows: Int32Array.from(events, (e) => rows[e]!),
      types: Uint8Array.from(events, (e) => types[e]!),
      timesS: Float64Array.from(events, (e) => timesS[e]!),
    };
  });
}

/**
 * Real rows of the ranker's training data, each as a request of its own, evenly spaced over the last fold that has them.
 * The item's part of a row is not used: the golden batch reads the release's own table, at rows spread over it.
 * Errors: `release_input_missing`, `release_file_invalid`.
 */
export async function realRankerBatch(
  runDir: string,
  widths: RankerWidths,
  itemCount: number,
  count: number,
): Promise<RankerBatch> {
  const width = widths.item + widths.user + widths.cross;
  const { file, handle } = await openRankerRows(runDir);
  try {
    const { size } = await handle.stat();
    const rows = size / 4 / width;
    if (!Number.isInteger(rows) || rows === 0)
      throw new ShortlistError('release_file_invalid', {
        file,
        reason: `${size} bytes are not rows of ${width} features`,
      });
    const taken = Math.min(count, rows);
    const batch: RankerBatch = {
      requests: taken,
      count: taken,
      userFeatures: new Float32Array(taken * widths.user),
      crossFeatures: new Float32Array(taken * widths.cross),
      itemRows: Int32Array.from({ length: taken }, (_, i) => Math.floor((i * itemCount) / taken)),
      requestIndex: Int32Array.from({ length: taken }, (_, i) => i),
    };
    const row = new Float32Array(width);
    for (let i = 0; i < taken; i++) {
      await handle.read(row, 0, width * 4, Math.floor((i * rows) / taken) * width * 4);
      batch.userFeatures.set(row.subarray(widths.item, widths.item + widths.user), i * widths.user);
      batch.crossFeatures.set(row.subarray(widths.item + widths.user), i * widths.cross);
    }
    return batch;
  } finally {
    await handle.close();
  }
}

/** The rows of the last fold that has them: they can be large, so they are read one by one. */
async function openRankerRows(runDir: string): Promise<{ file: string; handle: FileHandle }> {
  const name = 'ranker-features.f32';
  for (const fold of (await readdir(join(runDir, 'folds'))).sort().reverse()) {
    const file = `folds/${fold}/${name}`;
    try {
      return { file, handle: await open(join(runDir, file), 'r') };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  throw new ShortlistError('release_input_missing', {
    file: `folds/*/${name}`,
    reason: 'the ranker was fitted, but its rows are gone',
  });
}
