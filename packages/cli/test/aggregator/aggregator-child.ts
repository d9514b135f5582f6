/**
 * The aggregator as a process of its own that ends itself by SIGKILL before the n-th time it takes a step, for fault
 * tests: `node aggregator-child.ts DATABASE_URL REDIS_URL [STEP N]`. Prints `leading` when it leads.
 */
import { RedisConnection } from '@shortlist/core/stores/redis/connection.ts';
import { redisStores } from '@shortlist/core/stores/redis/stores.ts';
import { testAggregator } from './test-aggregator.ts';

const [databaseUrl, redisUrl, step, times] = process.argv.slice(2);
let left = Number(times ?? Infinity);

const { aggregator } = testAggregator({
  databaseUrl: databaseUrl!,
  ...(redisUrl === '' ? {} : { fast: redisStores(new RedisConnection(redisUrl!, { dataset: 'faults' })) }),
  onStep(name) {
    if (name === 'lead') process.stdout.write('leading\n');
    if (name === step && --left === 0) process.kill(process.pid, 'SIGKILL');
  },
  onError: (what, error) => process.stderr.write(`${what}: ${String(error)}\n`),
});
aggregator.start();
process.once('SIGTERM', () => {
  void aggregator.stop().then(() => process.exit(0));
});
