import { dayOf } from '@shortlist/core/stores/event-log.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import type { Environment } from '../environment.ts';
import { withDatabase } from '../workspace/database.ts';
import { dateText } from './date-text.ts';

/** Makes the partitions from today to `ahead` days on; returns how many were missing, and the last day. */
export async function makePartitions(
  environment: Environment,
  dataset: string,
  ahead: number,
  nowS = Date.now() / 1000,
): Promise<{ readonly made: number; readonly until: string }> {
  const today = dayOf(nowS);
  const days = Array.from({ length: ahead + 1 }, (_, i) => today + i);
  const made = await withDatabase(environment, dataset, ({ pool }) => postgresStores(pool).log.ensurePartitions(days));
  return { made, until: dateText(today + ahead) };
}

/** One line for each day: date, events (estimated), size. */
export async function listPartitions(environment: Environment, dataset: string): Promise<readonly string[]> {
  const days = await withDatabase(environment, dataset, ({ pool }) => postgresStores(pool).retention.partitions());
  return days.map(({ day, eventsEstimate, bytes }) => {
    const size = `${(bytes / 2 ** 20).toFixed(1)} MiB`;
    return `${dateText(day)} ${eventsEstimate.toLocaleString('en-US').padStart(14)} events ${size.padStart(12)}`;
  });
}
