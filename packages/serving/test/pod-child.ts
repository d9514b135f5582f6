/** A pod as `main.ts` runs it, with the double behind it: `GET /products` waits for SIGUSR2, and a start can be made to fail. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { readConfig } from '@shortlist/serving/config.ts';
import { createLogger } from '@shortlist/service/observe/logger.ts';
import { runPod } from '@shortlist/serving/pod.ts';
import { liveDouble, RecommenderDouble, releasesDouble } from './recommender-double.ts';

/** Of a request that must be in flight while the test looks, however slow the machine is. */
const released = new Promise<void>((resolve) => process.once('SIGUSR2', () => resolve()));
const start = process.argv[2] ?? '';

class HeldProducts extends RecommenderDouble {
  override async products(query: { page: number; pageSize: number }) {
    await released;
    return super.products(query);
  }
}

function crash(): never {
  throw new RangeError('nobody caught this');
}

const config = readConfig(process.env);
const logger = createLogger({ level: config.logLevel, base: { service: 'test' } });
await runPod({
  config,
  logger,
  version: 'test',
  async open() {
    await sleep(50);
    if (start === 'held') await released;
    if (start === 'coded') throw new ShortlistError('release_none_active', { dataset: config.dataset });
    if (start === 'bug') throw new TypeError('broken invariant');
    if (start === 'crash') setTimeout(() => crash(), 50);
    const close = () => Promise.resolve();
    return { recommender: new HeldProducts(), releases: releasesDouble, live: liveDouble, close };
  },
});
