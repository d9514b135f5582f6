import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERRORS } from '@shortlist/core/contracts/errors.ts';
import { TIERS } from '@shortlist/core/contracts/recommend.ts';
import { RequestTimings } from '@shortlist/service/observe/request-timings.ts';
import { STAGES } from '@shortlist/serving/pipeline.ts';
import { ROUTES } from '@shortlist/serving/routes/routes.ts';
import { post, startPod, type StartedPod } from '../start-pod.ts';

/**
 * prom-client took about a second for 8 MB of exposition (client_js#543), on the thread that answers shoppers. A pod has
 * at most so many series however long it runs and whatever clients send; a scrape of them takes some milliseconds.
 */
const SERIES_MAX = 3_000;

const seriesOf = (exposition: string): number =>
  exposition.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;

let pod: StartedPod;
const scrape = async (): Promise<string> => (await fetch(`${pod.adminUrl}/metrics`)).text();
beforeAll(async () => {
  pod = await startPod();
});
afterAll(() => pod.server.drain());

describe('the number of series', () => {
  it('does not grow with what clients send', async () => {
    const hostile = async (round: number): Promise<void> => {
      for (let i = 0; i < 40; i++) {
        const odd = `${round}-${i}`;
        await fetch(`${pod.url}/${odd}/${odd}?q=${odd}`, { method: i % 2 === 0 ? 'GET' : 'DELETE' });
        await post(`${pod.url}/recommend`, { user_id: odd }, { 'x-request-id': odd, 'x-shortlist-priority': odd });
        await post(`${pod.url}/recommend`, { session_id: odd, context: { category: odd, surface: odd, device: odd } });
        await post(`${pod.url}/recommend/${odd}`, odd);
        await fetch(`${pod.url}/similar-products?product_id=${odd}`);
        await fetch(`${pod.url}/trending?category=${odd}`);
        await fetch(`${pod.url}/products?search=${odd}&category=${odd}`);
      }
    };
    await hostile(0);
    // The first scrape is counted in the second.
    await scrape();
    const before = seriesOf(await scrape());
    await hostile(1);
    expect(seriesOf(await scrape())).toBe(before);
  });

  it('is bounded: every route with every status and tier, every stage, every degradation', async () => {
    const { metrics } = pod.server;
    const statuses = new Set([200, 202, 204, 500, ...Object.values(ERRORS).map(({ status }) => status)]);
    const timings = new RequestTimings();
    for (const { name } of STAGES) timings.stage(name, 1);
    const degraded = [...STAGES.map(({ name }) => name), 'live', 'load.candidates', 'load.rank', 'load.lists'];
    const slates = new Set(ROUTES.filter(({ path }) => /^\/(recommend|recommendations|rank)$/.test(path)));
    for (const route of [...ROUTES, { path: 'unmatched' }, { path: 'refused' }])
      for (const status of statuses)
        for (const tier of ['', ...(slates.has(route as (typeof ROUTES)[number]) && status === 200 ? TIERS : [])])
          metrics.finished({
            ...{ requestId: '', method: 'POST', route: route.path, status, ms: 1, tier, timings },
            degraded: tier === '' ? [] : degraded,
          });
    for (const priority of ['shopper', 'prefetch'] as const) pod.server.observer.queued(priority, 1);
    for (const tier of ['memory', 'redis', 'log'])
      for (const found of [true, false]) pod.server.observer.profileRead(tier, found);
    for (const cache of ['similar-products', 'trending', 'dashboard', 'recommend'])
      for (const outcome of ['hit', 'miss', 'failure'] as const) pod.server.observer.answerCache(cache, outcome);
    const series = seriesOf(await scrape());
    expect(series).toBeGreaterThan(500);
    expect(series).toBeLessThanOrEqual(SERIES_MAX);
  });
});
