import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import { experimentOf, layerOf, snapshotOf } from '../../../core/test/assignment/snapshots.ts';
import { killChildren, startChild, untilReady, type ChildPod } from '../../../serving/test/child-pod.ts';
import { freePort } from '../../src/workspace/free-port.ts';
import { LiveShop } from '../live/live-shop.ts';
import { ExposingLoad, lostOf, recordsOf, type ReceivedAnswer } from './exposing-load.ts';
import { extent, SEED } from './extent.ts';
import { mountSmall, unmount } from './postgres-control.ts';

const POINTS = extent(100, 4);
const AWAY_MS = extent(60_000, 5_000);
/**
 * What may be lost with a pod that is killed: what it answered in so many milliseconds before, and for as long as this
 * very process was kept waiting by others on the machine.
 */
const UNFLUSHED_MS = 100;
const SPOOL_MIB = 2;

let shop: LiveShop;
let ingest: ChildPod;
let ingestVariables: Record<string, string>;
let folder: string;
let podVariables: Record<string, string>;

beforeAll(async () => {
  shop = await LiveShop.open();
  folder = mkdtempSync(join(tmpdir(), 'shortlist-records-'));
  const assignments = join(folder, 'assignments.json');
  writeFileSync(assignments, JSON.stringify(snapshotOf([layerOf('all', [experimentOf('split', { startsAtS: 0 })])])));
  const port = await freePort('127.0.0.1');
  ingestVariables = {
    ...shop.variables(),
    SHORTLIST_INGEST_ROLES: 'api',
    SHORTLIST_INGEST_HTTP_HOST: '127.0.0.1',
    SHORTLIST_INGEST_HTTP_PORT: String(port),
    SHORTLIST_INGEST_ADMIN_PORT: '0',
  };
  await startIngest();
  podVariables = {
    SHORTLIST_RECORDS_URL: `http://127.0.0.1:${port}`,
    SHORTLIST_RECORDS_SPOOL: join(folder, 'spool'),
    SHORTLIST_RECORDS_TIMEOUT_MS: '1000',
    SHORTLIST_ASSIGNMENTS_FILE: assignments,
  };
});
afterAll(async () => {
  killChildren();
  await shop.close();
  rmSync(folder, { recursive: true, force: true });
});

async function startIngest(): Promise<void> {
  ingest = startChild('../../ingest/src/main.ts', ingestVariables);
  await untilReady(ingest);
}

/** Nothing waits, here or in what others left. */
async function untilAllSent(pod: ChildPod, spool: string): Promise<void> {
  await expect.poll(() => readdirSync(spool).length, { timeout: 60_000 }).toBeLessThanOrEqual(1);
  await expect
    .poll(
      async () => {
        const { queued, waiting } = await recordsOf(pod);
        return queued + waiting;
      },
      { timeout: 60_000 },
    )
    .toBe(0);
}

describe('exposures and slates of answers that shoppers received', () => {
  it(
    `are lost with a pod that is killed (${POINTS} times, seed ${SEED}) only when it answered in its last ${UNFLUSHED_MS} ms`,
    { timeout: extent(3_600_000, 240_000) },
    async () => {
      const random = seededRandom(SEED);
      const killed: { received: readonly ReceivedAnswer[]; atMs: number; windowMs: number }[] = [];
      for (let point = 0; point < POINTS; point++) {
        const pod = await shop.startPod(podVariables);
        const delays = monitorEventLoopDelay({ resolution: 5 });
        delays.enable();
        const load = new ExposingLoad(pod, `kill-${point}`);
        // From the 20th answer on, at any moment.
        await expect.poll(() => load.received.length, { timeout: 60_000, interval: 5 }).toBeGreaterThan(20);
        await sleep(random() * 400);
        delays.disable();
        const atMs = performance.now();
        pod.process.kill('SIGKILL');
        await pod.ended;
        await load.stop();
        expect(load.refused).toEqual(new Map());
        killed.push({ received: load.received, atMs, windowMs: UNFLUSHED_MS + delays.max / 1e6 });
      }
      const last = await shop.startPod(podVariables);
      await untilAllSent(last, podVariables.SHORTLIST_RECORDS_SPOOL!);
      const counts = { answers: 0, lastMs: 0, slates: 0, exposures: 0, oldestMs: 0 };
      const early: ReceivedAnswer[] = [];
      for (const { received, atMs, windowMs } of killed) {
        const lost = await lostOf(shop.database.pool, received);
        const late = new Set(received.filter((one) => one.atMs > atMs - windowMs));
        counts.oldestMs = Math.max(
          counts.oldestMs,
          ...[...lost.slates, ...lost.exposures].map((one) => atMs - one.atMs),
        );
        early.push(...[...lost.slates, ...lost.exposures].filter((one) => !late.has(one)));
        counts.answers += received.length;
        counts.lastMs += late.size;
        counts.slates += lost.slates.length;
        counts.exposures += lost.exposures.length;
      }
      const status = await recordsOf(last);
      last.process.kill('SIGTERM');
      await last.ended;
      console.log(
        `${POINTS} pods killed: ${counts.answers} answers received, ${counts.lastMs} of them in the last ${UNFLUSHED_MS} ms; ` +
          `lost ${counts.exposures} exposures and ${counts.slates} slates, the oldest of ${counts.oldestMs.toFixed(0)} ms before; ${status.adopted} records taken over by the last pod`,
      );
      expect(early).toEqual([]);
      expect(status).toMatchObject({ dropped: 0, rejected: 0, damaged: 0 });
    },
  );

  it(
    `are all there after the ingest service was killed, gone for ${AWAY_MS / 1000} s, and hung`,
    { timeout: 4 * AWAY_MS + 180_000 },
    async () => {
      const pod = await shop.startPod(podVariables);
      const load = new ExposingLoad(pod, 'away', { workers: 4, pauseMs: 10 });
      await sleep(1_000);
      ingest.process.kill('SIGKILL');
      await ingest.ended;
      await sleep(AWAY_MS);
      expect((await recordsOf(pod)).send_failures).toBeGreaterThan(0);
      await startIngest();
      await sleep(1_000);
      // Hung: connections are taken, nothing is answered.
      ingest.process.kill('SIGSTOP');
      await sleep(AWAY_MS / 2);
      ingest.process.kill('SIGCONT');
      // Slow: it works for a tenth of the time.
      for (let i = 0; i < 10; i++) {
        await sleep(20);
        ingest.process.kill('SIGSTOP');
        await sleep(180);
        ingest.process.kill('SIGCONT');
      }
      await load.stop();
      expect(load.refused).toEqual(new Map());
      await untilAllSent(pod, podVariables.SHORTLIST_RECORDS_SPOOL!);
      const lost = await lostOf(shop.database.pool, load.received);
      expect(lost).toEqual({ slates: [], exposures: [] });
      const status = await recordsOf(pod);
      expect(status).toMatchObject({ dropped: 0, rejected: 0, damaged: 0, spool_failures: 0 });
      console.log(
        `${load.received.length} answers while ingest was away and hung: nothing lost, ${status.send_failures} failed requests`,
      );
      pod.process.kill('SIGTERM');
      await pod.ended;
      expect(readdirSync(podVariables.SHORTLIST_RECORDS_SPOOL!)).toEqual([]);
    },
  );

  const small = mkdtempSync(join(tmpdir(), 'shortlist-small-spool-'));
  const mounted = mountSmall(small, SPOOL_MIB);
  afterAll(() => {
    if (mounted) unmount(small);
    rmSync(small, { recursive: true, force: true });
  });

  it.skipIf(!mounted)(
    'are dropped and counted when the disk is full and the ingest service away; answers go on (needs the right to mount)',
    { timeout: 180_000 },
    async () => {
      const spool = join(small, 'spool');
      mkdirSync(spool);
      const pod = await shop.startPod({
        ...podVariables,
        SHORTLIST_RECORDS_SPOOL: spool,
        SHORTLIST_RECORDS_MEMORY_BYTES_MAX: '262144',
      });
      ingest.process.kill('SIGKILL');
      await ingest.ended;
      const load = new ExposingLoad(pod, 'full', { workers: 6, pauseMs: 0 });
      await expect.poll(async () => (await recordsOf(pod)).dropped, { timeout: 120_000 }).toBeGreaterThan(200);
      const before = load.received.length;
      await expect.poll(() => load.received.length, { timeout: 30_000 }).toBeGreaterThan(before + 50);
      await load.stop();
      expect(load.refused).toEqual(new Map());
      await startIngest();
      await untilAllSent(pod, spool);
      const status = await recordsOf(pod);
      expect(status.spool_failures).toBeGreaterThan(0);
      expect(status).toMatchObject({ rejected: 0, damaged: 0, sent: status.offered - status.dropped });
      const lost = await lostOf(shop.database.pool, load.received);
      // Every loss is counted, and none beside.
      expect(lost.slates.length + lost.exposures.length).toBe(status.dropped);
      console.log(
        `${load.received.length} answers on a full disk: ${status.dropped} records dropped and counted, ${status.sent} sent`,
      );
    },
  );
});
