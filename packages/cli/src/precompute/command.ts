import { rename } from 'node:fs/promises';
import { loadRelease } from '@shortlist/core/release/load-release.ts';
import { dateOf } from '@shortlist/core/stores/postgres/partitions.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { redisStores } from '@shortlist/core/stores/redis/stores.ts';
import type { Environment } from '../environment.ts';
import { startProgress } from '../progress.ts';
import { clockOffset } from '../up/clock-offset.ts';
import { withDatabase } from '../workspace/database.ts';
import { openRegistry } from '../workspace/open-registry.ts';
import { openRedis } from '../workspace/redis.ts';
import { precompute } from './precompute.ts';
import { SlateFile } from './slate-file.ts';
import { writeParquet } from './write-parquet.ts';

export interface PrecomputeCommand {
  readonly dataset: string;
  readonly out: string;
  readonly format: 'jsonl' | 'parquet';
  readonly slots: number;
  readonly days: number;
  readonly ttlS: number;
  readonly redis: boolean;
}

const DAY_S = 86_400;

/**
 * `shortlist precompute`
 * @throws `release_*`, `database_*`, `redis_*`, `disk_full`, `output_unwritable`
 */
export async function runPrecompute(environment: Environment, command: PrecomputeCommand): Promise<void> {
  const { dataset, out, format, slots, days, ttlS } = command;
  const registry = openRegistry(environment.home, dataset);
  const { active } = await registry.requirePointer();
  await withDatabase(environment, dataset, async ({ pool }) => {
    const stores = postgresStores(pool);
    const { lastS } = await stores.events.summary();
    if (Number.isNaN(lastS)) {
      process.stdout.write('There are no events, so there is nobody to rank for.\n');
      return;
    }
    const lines = format === 'jsonl' ? out : `${out}.jsonl`;
    const fromDate = dateOf(Math.floor(lastS / DAY_S) - days);
    const file = await SlateFile.open(lines, JSON.stringify({ release: active, slots, fromDate }));
    const [before, startedMs] = [file.progress.users, performance.now()];
    if (before > 0) process.stderr.write(`Going on after ${before} users.\n`);
    const closing: (() => Promise<void>)[] = [() => file.close()];
    try {
      const release = await loadRelease(await registry.dirOf(active));
      closing.push(() => release.close());
      const redis = command.redis ? await openRedis(environment, dataset) : null;
      if (redis !== null) closing.push(() => redis.close());
      const offsetS = clockOffset(Math.max(release.manifest.trainingWindow.untilS, lastS), Date.now() / 1000);
      const total = await countUsers(pool, fromDate);
      const progress = startProgress();
      closing.push(() => Promise.resolve(progress.stop()));
      await precompute({
        pool,
        stores,
        release,
        file,
        ...(redis === null ? {} : { slates: redisStores(redis.connection).slates }),
        ttlS,
        slots,
        fromDate,
        nowS: () => Date.now() / 1000 + offsetS,
        progress: (users) => progress.update('ranked', users, total),
      });
    } finally {
      for (const close of closing.reverse()) await close();
    }
    await file.forgetProgress();
    const seconds = (performance.now() - startedMs) / 1000;
    const users = file.progress.users - before;
    if (format === 'parquet') {
      await writeParquet(lines, `${out}.part`);
      await rename(`${out}.part`, out);
    }
    process.stdout.write(
      `${JSON.stringify({ release: active, users, seconds: round(seconds), users_per_s: round(users / seconds), file: out })}\n`,
    );
  });
}

const round = (value: number): number => Math.round(value * 10) / 10;

async function countUsers(pool: Parameters<typeof postgresStores>[0], fromDate: string): Promise<number> {
  const { rows } = await pool.query<{ users: number }>(
    `SELECT count(DISTINCT unit)::float8 AS users FROM unit_days WHERE day >= $1::date AND unit COLLATE "C" > 'u:'`,
    [fromDate],
  );
  return rows[0]!.users;
}
