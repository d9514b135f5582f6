import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BUILD_FEATURES } from '@shortlist/core/release/feature-schema.ts';
import { ReleaseRegistry } from '@shortlist/core/release/registry.ts';
import { buildTinyRelease, writeTinyRun } from '../../core/test/release/tiny-run.ts';
import { killChildren, startChild, untilReady, type ChildPod } from './child-pod.ts';
import { post } from './start-pod.ts';

let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'overload-'));
  const releasesDir = join(home, 'datasets/demo/releases');
  await writeTinyRun(join(home, 'run'), 1, BUILD_FEATURES);
  const { id } = await buildTinyRelease(join(home, 'run'), releasesDir, { features: BUILD_FEATURES });
  const activePath = join(home, 'datasets/demo/active.json');
  await new ReleaseRegistry({ dataset: 'demo', releasesDir, activePath }).activate(id);
});
afterEach(killChildren);
afterAll(() => rm(home, { recursive: true }));

interface Slate {
  readonly recommendations: { readonly item_id: string }[];
  readonly tier: string;
  readonly degraded: string[];
}

interface Tally {
  readonly slates: Slate[];
  shed: number;
  other: number;
}

/** `count` questions, all at once, of which every fourth is a prefetch. */
async function flood(pod: ChildPod, count: number, deadlineMs: number): Promise<Record<'shopper' | 'prefetch', Tally>> {
  const tallies = { shopper: { slates: [], shed: 0, other: 0 }, prefetch: { slates: [], shed: 0, other: 0 } } as Record<
    'shopper' | 'prefetch',
    Tally
  >;
  const asked = Array.from({ length: count }, async (_, i) => {
    const priority = i % 4 === 0 ? 'prefetch' : 'shopper';
    const body = { session_id: `s-${i}`, context: { recent_items: ['item-1', 'item-2'] }, deadline_ms: deadlineMs };
    const response = await post(`${pod.url()}/recommend`, body, { 'x-shortlist-priority': priority });
    const text = await response.text();
    const tally = tallies[priority];
    if (response.status === 200) tally.slates.push(JSON.parse(text) as Slate);
    else if (response.status === 503) {
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(JSON.parse(text)).toMatchObject({ error: { code: 'overloaded' } });
      tally.shed += 1;
    } else tally.other += 1;
  });
  await Promise.all(asked);
  return tallies;
}

const metricsOf = async (pod: ChildPod) => (await fetch(`${pod.url()}/metrics`)).text();
const sumOf = (metrics: string, name: string, labels: string): number =>
  [...metrics.matchAll(new RegExp(`^${name}\\{[^}]*${labels}[^}]*\\} (\\S+)$`, 'gm'))].reduce(
    (sum, [, value]) => sum + Number(value),
    0,
  );

describe.each(['uws', 'node'])('a pod on %s with more to do than it may', (httpServer) => {
  it('gives every request a whole slate or a refusal, counts both, and is as before afterwards', async () => {
    const pod = startChild('../src/main.ts', {
      SHORTLIST_HOME: home,
      SHORTLIST_HTTP_SERVER: httpServer,
      // Fewer places than questions at a time, so that the machine's speed decides nothing.
      SHORTLIST_QUEUE_MAX: '8',
      SHORTLIST_BATCH_REQUESTS_MAX: '2',
    });
    await untilReady(pod);
    const total = { shopper: { slates: 0, shed: 0 }, prefetch: { slates: 0, shed: 0 } };
    const rounds = 20;
    for (let round = 0; round < rounds; round++) {
      const tallies = await flood(pod, 64, 60_000);
      for (const priority of ['shopper', 'prefetch'] as const) {
        const { slates, shed, other } = tallies[priority];
        expect(other).toBe(0);
        expect(slates.length + shed).toBe(priority === 'prefetch' ? 16 : 48);
        for (const { recommendations, degraded, tier } of slates) {
          expect(recommendations).toHaveLength(10);
          // What was taken from lists never passes for a session's own.
          expect(tier).toBe(degraded.includes('load.lists') ? 'trending' : 'session');
          expect(degraded.filter((part) => part.startsWith('load.')).length).toBeLessThanOrEqual(1);
        }
        total[priority].slates += slates.length;
        total[priority].shed += shed;
      }
      expect(tallies.shopper.slates.length).toBeGreaterThan(0);
    }
    const metrics = await metricsOf(pod);
    for (const priority of ['shopper', 'prefetch'] as const)
      expect(sumOf(metrics, 'shortlist_shed_total', `priority="${priority}"`)).toBe(total[priority].shed);
    expect(sumOf(metrics, 'shortlist_requests_total', 'route="/recommend",status="503"')).toBe(
      total.shopper.shed + total.prefetch.shed,
    );
    expect(sumOf(metrics, 'shortlist_requests_total', 'route="/recommend",status="200"')).toBe(
      total.shopper.slates + total.prefetch.slates,
    );
    expect(sumOf(metrics, 'shortlist_admitted_in_flight', 'priority')).toBe(0);
    expect(metrics).toContain('shortlist_queue_wait_seconds_count{priority="shopper"}');
    // Calm again, it answers as before: nothing is left out any more.
    await expect
      .poll(
        async () => {
          const response = await post(`${pod.url()}/recommend`, { session_id: 's', deadline_ms: 60_000 });
          return ((await response.json()) as Slate).degraded.filter((part) => part.startsWith('load.'));
        },
        { timeout: 60_000, interval: 200 },
      )
      .toEqual([]);
  });
});
