import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Pool } from 'pg';
import { activeUnits, countActiveUnits } from '@shortlist/core/stores/postgres/active-units.ts';
import type { ProfileCacheStore } from '@shortlist/core/stores/profile-cache.ts';
import type { ProfileStore, ProfileUnit, UnitKey } from '@shortlist/core/stores/profile-store.ts';

const UNITS_PER_BATCH = 500;
/** Units that are read and filled at a time. */
const PARALLEL = 8;

export interface RebuildProfilesOptions {
  readonly pool: Pool;
  readonly profiles: ProfileStore;
  readonly cache: ProfileCacheStore;
  /** Only units that were active on or after this day, `YYYY-MM-DD`: others are read when they come back. */
  readonly fromDate: string;
  readonly eventsMax: number;
  /** Where the last finished unit is noted, so that an interrupted rebuild goes on after it. */
  readonly progressFile: string;
  readonly fresh: boolean;
  readonly progress: (done: number, total: number) => void;
}

/** The unit that a key names. */
export const unitOf = (key: UnitKey): ProfileUnit =>
  key.startsWith('u:') ? { userId: key.slice(2) } : { sessionId: key.slice(2) };

/**
 * Fills the profile cache from PostgreSQL, in the order of the units' names. The cache goes on being used and kept up to
 * date meanwhile: a fill that comes too late is refused. Returns how many were filled and how many were there already.
 */
export async function rebuildProfiles(options: RebuildProfilesOptions) {
  const { pool, profiles, cache, fromDate, eventsMax, progressFile, fresh, progress } = options;
  const begun = fresh ? undefined : readProgress(progressFile, fromDate);
  if (begun === undefined) await cache.forgetAll();
  const total = await countActiveUnits(pool, fromDate);
  const counts = { filled: 0, present: 0, resumedAt: begun?.done ?? 0 };
  let done = counts.resumedAt;
  const fill = async (key: UnitKey) => {
    const { ticket } = await cache.read(key, eventsMax);
    if (ticket === null) counts.present += 1;
    else if (await cache.fill(key, ticket, eventsMax, await profiles.recent(unitOf(key), eventsMax)))
      counts.filled += 1;
  };
  const batches = activeUnits(pool, { after: begun?.unit ?? '', fromDate, batchMax: UNITS_PER_BATCH });
  for await (const units of batches) {
    const left = units.values();
    const work = async () => {
      for (const unit of left) await fill(unit);
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
    done += units.length;
    writeFileSync(progressFile, JSON.stringify({ fromDate, unit: units.at(-1), done }));
    progress(done, Math.max(total, done));
  }
  rmSync(progressFile, { force: true });
  return counts;
}

/** Where a rebuild of the same days was interrupted; undefined when none was. */
function readProgress(file: string, fromDate: string): { unit: string; done: number } | undefined {
  try {
    const noted = JSON.parse(readFileSync(file, 'utf8')) as { fromDate: string; unit: string; done: number };
    return noted.fromDate === fromDate ? noted : undefined;
  } catch (error) {
    // Absent: from the start. Cut off in the middle of a write: as well.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
