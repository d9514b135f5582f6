import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { ConsumerOffsets } from '@shortlist/core/stores/postgres/consumer-offsets.ts';
import { Aggregator, AGGREGATOR_LIMITS, type AggregatorOptions } from '@shortlist/ingest/aggregator/aggregator.ts';
import { WHOLE } from '@shortlist/ingest/aggregator/shard.ts';
import { verifyCounters } from '@shortlist/ingest/aggregator/verify-counters.ts';

/** An aggregator with short waits; errors of it are kept in `errors`. */
export function testAggregator(options: Pick<AggregatorOptions, 'databaseUrl'> & Partial<AggregatorOptions>): {
  aggregator: Aggregator;
  errors: unknown[];
} {
  const errors: unknown[] = [];
  const aggregator = new Aggregator({
    shard: WHOLE,
    holder: `test ${process.pid}`,
    nowS: () => Date.now() / 1000,
    limits: { ...AGGREGATOR_LIMITS, pollMs: 5, idlePollMs: 20, checkpointMs: 50, publishEveryMs: 50 },
    onError: (what, error) => errors.push({ what, error }),
    ...options,
  });
  return { aggregator, errors };
}

/** Waits until `consumer` has kept everything that is in the log. Throws after `limitMs`. */
export async function untilCaughtUp(pool: Pool, consumer = 'counters', limitMs = 20_000): Promise<void> {
  const untilMs = performance.now() + limitMs;
  for (;;) {
    const known = await pool.query('SELECT FROM consumers WHERE name = $1', [consumer]);
    const lag = await ConsumerOffsets.lag(pool, consumer);
    if (known.rowCount === 1 && lag.batches === 0) return;
    if (performance.now() > untilMs) throw new Error(`${consumer} is ${lag.batches} batches behind`);
    await sleep(20);
  }
}

/** What differs between the stored counters and the log, in words; [] when nothing does. */
export async function differences(pool: Pool, shard = WHOLE): Promise<readonly string[]> {
  const { examples, incomparable, differences: count } = await verifyCounters(pool, shard);
  if (incomparable !== null) return [incomparable];
  return count > examples.length ? [...examples, `and ${count - examples.length} more`] : examples;
}
