import type { Profile, ProfileEvents } from '../contracts/profile.ts';
import type { Catalog } from './catalog.ts';

/** An empty profile that holds up to `eventsMax` events. */
export function createProfile(eventsMax: number): Profile {
  return {
    length: 0,
    rows: new Int32Array(eventsMax),
    types: new Uint8Array(eventsMax),
    timesS: new Float64Array(eventsMax),
  };
}

/** Writes the newest events that fit into `out`, oldest first, in the catalogue's rows; unknown items are left out. */
export function toProfile(events: ProfileEvents, catalog: Catalog, out: Profile): void {
  const capacity = out.rows.length;
  const rows = events.itemIds.map((id) => catalog.rowOf(id));
  const known = rows.reduce((count, row) => count + (row >= 0 ? 1 : 0), 0);
  let skip = Math.max(0, known - capacity);
  out.length = 0;
  for (let i = 0; i < rows.length; i++) {
    if (rows[i]! < 0) continue;
    if (skip > 0) {
      skip -= 1;
      continue;
    }
    out.rows[out.length] = rows[i]!;
    out.types[out.length] = events.types[i]!;
    out.timesS[out.length] = events.timesS[i]!;
    out.length += 1;
  }
}
