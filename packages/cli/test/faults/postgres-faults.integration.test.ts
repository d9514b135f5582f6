import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killChildren, type ChildPod } from '../../../serving/test/child-pod.ts';
import { freePort } from '../../src/workspace/free-port.ts';
import { differences, untilCaughtUp } from '../aggregator/test-aggregator.ts';
import { LiveShop } from '../live/live-shop.ts';
import { EventSender, missing, storedCounts } from './event-sender.ts';
import { extent, SEED } from './extent.ts';
import { mountSmall, PostgresControl, unmount } from './postgres-control.ts';
import { SlateLoad } from './slate-load.ts';
import { SteadyLoad } from './steady-load.ts';

const AWAY_MS = extent(30_000, 1_500);
const HOME_MIB = 420;
const PER_REQUEST = 20;

/** The workspace lies on a small file system where that may be made, so that it can be filled. */
const home = mkdtempSync(join(tmpdir(), 'shortlist-faults-'));
const mounted = mountSmall(home, HOME_MIB);

let shop: LiveShop;
let pod: ChildPod;
let postgres: PostgresControl;
const sender = new EventSender(SEED);
beforeAll(async () => {
  const port = await freePort('127.0.0.1');
  shop = await LiveShop.open({
    workspace: { SHORTLIST_HOME: home, SHORTLIST_POSTGRES_PORT: String(port) },
    ingest: { SHORTLIST_INGEST_DATABASE_TIMEOUT_MS: '3000' },
  });
  pod = await shop.startPod();
  postgres = new PostgresControl(shop.workspace.environment, shop.database.url);
});
afterAll(async () => {
  await postgres.releaseConnections();
  killChildren();
  await shop.close();
  if (mounted) unmount(home);
  rmSync(home, { recursive: true, force: true });
});

/** What senders and shoppers saw while something was wrong with PostgreSQL, and whether all was well again afterwards. */
async function during(fault: () => Promise<void>, repair: () => Promise<void>): Promise<ReadonlySet<string>> {
  const url = shop.ingest.url();
  const slates = new SlateLoad(pod, { users: 50 });
  const events = new SteadyLoad(4, 5, async () => void (await sender.send(url, sender.next(PER_REQUEST))));
  const from = sender.sendings.length;
  const refused = () => sender.sendings.slice(from).filter(({ status }) => status !== 202);
  try {
    await sleep(300);
    try {
      await fault();
      // It says so, ...
      await expect.poll(refused, { timeout: 30_000 }).not.toEqual([]);
      await sleep(AWAY_MS);
    } finally {
      await repair();
    }
    // ... and takes events again by itself.
    const repaired = sender.sendings.length;
    const taken = () => sender.sendings.slice(repaired).filter(({ status }) => status === 202).length;
    await expect.poll(taken, { timeout: 30_000 }).toBeGreaterThan(20);
  } finally {
    await events.stop();
    await slates.stop();
  }

  expect(new Set(refused().map(({ status }) => status))).toEqual(new Set([503]));
  for (const { retryAfter } of refused()) expect(Number(retryAfter)).toBeGreaterThanOrEqual(1);
  expect(slates.served.length).toBeGreaterThan(0);
  expect(new Set(slates.served.map(({ status }) => status))).toEqual(new Set([200]));
  expect(slates.served.every(({ items }) => items === 5)).toBe(true);
  await sender.sendRest(url);
  expect(await missing(shop.database.pool, sender.acknowledged)).toEqual([]);
  return new Set(refused().map(({ code }) => code));
}

describe('POST /events refuses with 503, loses nothing and goes on by itself; slates are served on', () => {
  const timeout = AWAY_MS + 120_000;

  it('when PostgreSQL is killed', { timeout }, async () => {
    const codes = await during(
      () => postgres.end('SIGKILL'),
      () => postgres.start(),
    );
    expect(codes).toContain('database_unreachable');
  });

  it('when PostgreSQL is restarted', { timeout }, async () => {
    const codes = await during(
      () => postgres.end('SIGINT'),
      () => postgres.start(),
    );
    expect(codes).toContain('database_unreachable');
  });

  it('when PostgreSQL only reads', { timeout }, async () => {
    const codes = await during(
      () => postgres.setReadOnly(true),
      () => postgres.setReadOnly(false),
    );
    expect(codes).toEqual(new Set(['database_read_only']));
  });

  it('when PostgreSQL has no connection left', { timeout }, async () => {
    const codes = await during(
      () => postgres.exhaustConnections(),
      () => postgres.releaseConnections(),
    );
    expect(codes).toContain('database_unreachable');
  });

  it.skipIf(!mounted)('when the disk is full (needs the right to mount a small one)', { timeout }, async () => {
    const filler = join(home, 'filler');
    const codes = await during(
      async () => {
        mkdirSync(filler);
        const piece = Buffer.alloc(1024 * 1024);
        try {
          for (let i = 0; i < HOME_MIB; i++) writeFileSync(join(filler, String(i)), piece);
        } catch {
          // Full.
        }
        // What PostgreSQL has set aside is used up first.
        await expect.poll(() => sender.sendings.at(-1)?.status, { timeout: 60_000 }).toBe(503);
      },
      async () => {
        rmSync(filler, { recursive: true });
        // A server that could not write its log ends; here nobody but us starts it again.
        if (!postgres.running) await postgres.start();
      },
    );
    expect([...codes].every((code) => code === 'disk_full' || code === 'database_unreachable')).toBe(true);
  });

  it(
    'and what is stored in the end is what was sent, once, with counters that equal the log',
    { timeout },
    async () => {
      const { pool } = shop.database;
      const { size } = sender.sent;
      expect(sender.acknowledged.size).toBe(size);
      expect(await storedCounts(pool)).toEqual({ events: size, ids: size, keys: size });
      for (const consumer of ['counters', 'projector']) await untilCaughtUp(pool, consumer, 60_000);
      expect(await differences(pool)).toEqual([]);
    },
  );
});

describe('a PostgreSQL that is slower than an answer may be', () => {
  it('gives a profile to the next answer: what was read too late for one is kept', async () => {
    const ask = async () => {
      const response = await fetch(`${pod.url()}/recommend`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ user_id: 'user-of-a-slow-log', num_items: 5 }),
      });
      return ((await response.json()) as { degraded: string[] }).degraded;
    };
    await postgres.delayProfiles(0.2);
    try {
      expect(await ask()).toContain('profile');
      await expect.poll(ask, { timeout: 10_000 }).toEqual([]);
    } finally {
      await postgres.delayProfiles(0);
    }
  });
});
