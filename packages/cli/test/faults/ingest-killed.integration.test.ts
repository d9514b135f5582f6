import { afterAll, beforeAll, expect, it } from 'vitest';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import { openDatabase, type Database } from '../../src/workspace/database.ts';
import { openRedis, type OpenedRedis } from '../../src/workspace/redis.ts';
import { differences, untilCaughtUp } from '../aggregator/test-aggregator.ts';
import { startIngest, type IngestProcess } from '../ingest/ingest-process.ts';
import { runCommand } from '../run-command.ts';
import { temporaryWorkspace } from '../workspace/temporary-workspace.ts';
import { EventSender, missing, storedCounts } from './event-sender.ts';
import { extent, SEED } from './extent.ts';

const POINTS = extent(100, 5);
const IN_FLIGHT = extent(20_000, 2_000);
const PER_REQUEST = extent(250, 100);
const REQUESTS = IN_FLIGHT / PER_REQUEST;
const DATASET = 'faults';

const workspace = temporaryWorkspace();
let database: Database;
let redis: OpenedRedis;
let ingest: IngestProcess | undefined;
beforeAll(async () => {
  database = await openDatabase(workspace.environment, DATASET, { connectionsMax: 4 });
  redis = await openRedis(workspace.environment, DATASET);
});
afterAll(async () => {
  await ingest?.kill('SIGKILL');
  await redis.close();
  await database.close();
  await workspace.remove();
});

const shortlist = (...args: string[]) =>
  runCommand([...args, '--dataset', DATASET], {
    ...workspace.variables,
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
  });
const start = () => startIngest({ SHORTLIST_DATASET: DATASET, DATABASE_URL: database.url, REDIS_URL: redis.url });

it(
  `SIGKILL of ingest at ${POINTS} points with ${IN_FLIGHT} events in flight (seed ${SEED}) loses and doubles nothing`,
  {
    timeout: extent(3_600_000, 120_000),
  },
  async () => {
    const random = seededRandom(SEED);
    const sender = new EventSender(SEED);
    for (let point = 0; point < POINTS; point++) {
      ingest = await start();
      const { url, child, exited } = ingest;
      // After so many answers, and some milliseconds more: in any step of what comes then.
      const killAfter = Math.floor(random() * REQUESTS * 0.9);
      const laterMs = random() * 30;
      let answered = 0;
      const kill = () => setTimeout(() => child.kill('SIGKILL'), laterMs);
      if (killAfter === 0) kill();
      await Promise.all(
        Array.from({ length: REQUESTS }, async () => {
          await sender.send(url, sender.next(PER_REQUEST));
          if (++answered === killAfter) kill();
        }),
      );
      await exited;
      expect(await missing(database.pool, sender.acknowledged)).toEqual([]);
      // From here on there are profiles that the events must get into.
      if (point === POINTS >> 1) expect(await shortlist('rebuild', 'profiles')).toMatchObject({ code: 0 });
    }
    const broken = sender.sendings.filter(({ status }) => status === 0).length;
    // The kills came while requests were under way.
    expect(broken).toBeGreaterThan(POINTS);
    expect(new Set(sender.sendings.map(({ status }) => status))).toEqual(new Set([0, 202]));

    ingest = await start();
    // An aggregator that had never lived long enough to take up the log forgets all copies when it first does.
    await untilCaughtUp(database.pool, 'projector', 600_000);
    expect(await shortlist('rebuild', 'profiles')).toMatchObject({ code: 0 });
    await sender.sendRest(ingest.url);
    expect(sender.acknowledged).toEqual(sender.sent);
    expect(await missing(database.pool, sender.acknowledged)).toEqual([]);
    const { size } = sender.sent;
    expect(await storedCounts(database.pool)).toEqual({ events: size, ids: size, keys: size });
    for (const consumer of ['counters', 'projector']) await untilCaughtUp(database.pool, consumer, 600_000);
    expect(await differences(database.pool)).toEqual([]);
    const verified = await shortlist('verify', 'state');
    expect(verified).toMatchObject({ code: 0 });
    expect(verified.stdout).toMatch(/profiles: [1-9]/);
    console.log(`${size} events, ${broken} requests broken off; ${verified.stdout.trim().replaceAll('\n', '; ')}`);
  },
);
