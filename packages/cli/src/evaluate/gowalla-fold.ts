import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { EVENT_CODE, EVENT_WEIGHT } from '@shortlist/core/contracts/events.ts';
import { writeArrow, writeWhole } from '../train/arrow-file.ts';
import type { GowallaSplit } from './gowalla-files.ts';

/** The data has no times: a user's items follow each other by this much and all users end together. */
const STEP_S = 3_600;
/** When everybody's last event is over, unix seconds. Any moment will do: nothing is decayed. */
export const GOWALLA_UNTIL_S = 1_300_000_000;

/** When a user met its `position`-th of `count` items, unix seconds. */
export const visitTimeS = (position: number, count: number) => GOWALLA_UNTIL_S - (count - position) * STEP_S;

/** Writes the training part as a fold of the training exchange, every visit a purchase. Items have no metadata at all. */
export async function writeGowallaFold({ itemCount, train }: GowallaSplit, dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  const rows = Int32Array.from({ length: itemCount }, (_, row) => row);
  const ids = Array.from(rows, String);
  const blank = { texts: ids.map(() => '') };
  await writeArrow(join(dir, 'items.arrow'), {
    row: rows,
    item_id: { texts: ids },
    title: { texts: ids },
    category: blank,
    brand: blank,
    price: new Float32Array(itemCount),
    created_at: new Float64Array(itemCount),
    available: { flags: ids.map(() => true) },
  });
  const events = train
    .flatMap((items, actor) => Array.from(items, (row, p) => ({ actor, row, timeS: visitTimeS(p, items.length) })))
    .sort((a, b) => a.timeS - b.timeS || a.actor - b.actor);
  await writeArrow(join(dir, 'events.arrow'), {
    actor: Int32Array.from(events, ({ actor }) => actor),
    row: Int32Array.from(events, ({ row }) => row),
    type: new Uint8Array(events.length).fill(EVENT_CODE.purchase),
    time: Float64Array.from(events, ({ timeS }) => timeS),
    weight: new Float32Array(events.length).fill(EVENT_WEIGHT[EVENT_CODE.purchase]!),
  });
  const about = {
    name: 'gowalla',
    until_s: GOWALLA_UNTIL_S,
    items: itemCount,
    events: events.length,
    actors: train.length,
  };
  await writeWhole(join(dir, 'fold.json'), `${JSON.stringify(about, null, 1)}\n`);
}
