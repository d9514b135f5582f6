import { setTimeout as sleep } from 'node:timers/promises';
import { LOG_KIND } from '@shortlist/core/contracts/log.ts';
import { dayOf, type LogLane } from '@shortlist/core/stores/event-log.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import type { DroppedDay } from '@shortlist/core/stores/retention-store.ts';
import type { TransactionalStores } from '@shortlist/core/stores/stores.ts';
import type { Environment } from '../environment.ts';
import type { Progress } from '../progress.ts';
import { withDatabase } from '../workspace/database.ts';
import { dateText } from './date-text.ts';

const DAY_S = 86_400;
/** PostgreSQL's "lock not available", and a deadlock that ended with us: somebody used the day's table. */
const BUSY = new Set(['55P03', '40P01']);
const TRIES_MAX = 10;
const WAIT_MS = 1_000;

export interface RetentionOptions {
  readonly dataset: string;
  /** Days of events to keep, today not counted. */
  readonly days: number;
  /** Days to keep batches of the log. */
  readonly logDays: number;
  readonly rejectedDays: number;
  readonly dryRun: boolean;
  readonly progress?: Progress;
  /** Unix seconds; default: the clock. */
  readonly nowS?: number;
}

async function dropDay(lane: LogLane, day: number): Promise<DroppedDay> {
  for (let tries = 1; ; tries++) {
    try {
      return await lane.write(async (inside, tell) => {
        const dropped = await inside.retention.dropDay(day);
        for (const payload of dropped.retractions) tell({ kind: LOG_KIND.retract, payload });
        return dropped;
      });
    } catch (error) {
      if (!BUSY.has((error as { code?: string }).code ?? '') || tries === TRIES_MAX) throw error;
      await sleep(WAIT_MS * tries);
    }
  }
}

async function dropDays(stores: TransactionalStores, days: readonly number[], progress?: Progress) {
  const dropped = { events: 0, impressions: 0 };
  if (days.length === 0) return dropped;
  const lane = await stores.log.openLane();
  try {
    // Each in a transaction of its own: what was dropped stays dropped when the job is interrupted, and told.
    for (const [i, day] of days.entries()) {
      const { events, impressions } = await dropDay(lane, day);
      dropped.events += events;
      dropped.impressions += impressions;
      progress?.update('days', i + 1, days.length, `${dateText(day)}, ${dropped.events} events`);
    }
  } finally {
    await lane.close();
  }
  return dropped;
}

/**
 * Drops what is older than it is to be kept, tells the log's consumers, and returns what was done, for people.
 * Interrupted, it is simply run again. @throws `database_*`
 */
export async function runRetention(environment: Environment, options: RetentionOptions): Promise<readonly string[]> {
  const { dataset, progress, nowS = Date.now() / 1000 } = options;
  const keptFrom = dayOf(nowS) - options.days;
  return withDatabase(environment, dataset, async ({ pool }) => {
    const stores = postgresStores(pool);
    const days = await stores.retention.daysBefore(keptFrom);
    const span = days.length === 0 ? 'none' : `${days.length}, ${dateText(days[0]!)} to ${dateText(days.at(-1)!)}`;
    if (options.dryRun) return [`days before ${dateText(keptFrom)}: ${span} (nothing was dropped)`];
    const { events, impressions } = await dropDays(stores, days, progress);
    const forgotten = await stores.retention.forgetBefore(keptFrom);
    const batches = await stores.retention.pruneLog(nowS - options.logDays * DAY_S);
    const rejected = await stores.rejected.prune(nowS - options.rejectedDays * DAY_S);
    const erasures = await stores.users.completeErasures();
    return [
      `days before ${dateText(keptFrom)}: ${span}`,
      `events ${events}, slates ${impressions}`,
      ...Object.entries(forgotten).map(([table, count]) => `${table} ${count}`),
      `log batches ${batches}, rejected events ${rejected}, erasures completed ${erasures.length}`,
    ];
  });
}
