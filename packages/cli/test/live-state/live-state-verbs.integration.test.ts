import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { redisStores } from '@shortlist/core/stores/redis/stores.ts';
import { openDatabase, type Database } from '../../src/workspace/database.ts';
import { openRedis, type OpenedRedis } from '../../src/workspace/redis.ts';
import { seededEvents } from '../aggregator/seeded-events.ts';
import { runCommand } from '../run-command.ts';
import { temporaryWorkspace, type TemporaryWorkspace } from '../workspace/temporary-workspace.ts';

const MIDNIGHT_S = Date.UTC(2026, 10, 20) / 1000;

let workspace: TemporaryWorkspace;
let database: Database;
let redis: OpenedRedis;
beforeAll(async () => {
  workspace = temporaryWorkspace();
  database = await openDatabase(workspace.environment, 'verbs');
  redis = await openRedis(workspace.environment, 'verbs');
  const stores = postgresStores(database.pool);
  const categories = ['', 'tools', 'toys'];
  await stores.items.upsert(
    Array.from({ length: 40 }, (_, n) => ({
      itemId: `item ${n}`,
      title: `Item ${n}`,
      category: categories[n % 3]!,
      brand: '',
      price: n,
      available: true,
      createdAtS: MIDNIGHT_S,
      attributes: {},
    })),
  );
  await stores.events.append(seededEvents({ count: 2_000, seed: 1, aroundS: MIDNIGHT_S }));
});
afterAll(async () => {
  await redis.close();
  await database.close();
  await workspace.remove();
});

const shortlist = (...args: string[]) => runCommand([...args, '--dataset', 'verbs'], workspace.variables);

describe('shortlist rebuild, verify state and publish (real PostgreSQL and Valkey)', () => {
  it('make everything anew and find it right; what is planted is found and named, with exit code 1', async () => {
    const before = await shortlist('verify', 'state');
    expect(before.code).toBe(1);
    expect(before.stdout).toMatch(/^counters: cannot be compared: consumer counters has never run/);

    const rebuilt = await shortlist('rebuild', 'all');
    expect(rebuilt).toMatchObject({ code: 0 });
    expect(rebuilt.stdout).toMatch(
      /^counters: rebuilt in [\d.]+ s, \d+ events, \d+\/s\nprofiles: 60 filled, 0 were there/,
    );
    const right = await shortlist('verify', 'state');
    expect(right.stdout).toBe(
      'counters: 40 items compared, 0 events pending, 0 differences\nprofiles: 60 compared, 0 without a copy, 0 differences\n',
    );
    expect(right.code).toBe(0);

    await database.pool.query("UPDATE item_counters SET sums[16] = sums[16] + 1 WHERE item_id = 'item 7'");
    const planted = { key: '0123456789abcdef', itemId: 'item 1', type: 1, timeS: MIDNIGHT_S + 90_000 };
    await redisStores(redis.connection).profiles.apply(new Map([['s:session 7', [planted]]]));
    const wrong = await shortlist('verify', 'state');
    expect(wrong.code).toBe(1);
    expect(wrong.stdout).toContain(
      'counters: 40 items compared, 0 events pending, 1 differences\n  item item 7: stored [',
    );
    expect(wrong.stdout).toContain('profiles: 60 compared, 0 without a copy, 1 differences\n  s:session 7: ');
  });

  it('publish lists as of a given time', async () => {
    await shortlist('rebuild', 'counters');
    const trending = await shortlist('publish', 'trending', '--now', '2026-11-20T00:00:00Z');
    expect(trending).toMatchObject({ code: 0, stdout: 'trending: 6 lists published\n' });
    const { lists, madeS } = (await redisStores(redis.connection).live.trending())!;
    expect(madeS).toBe(MIDNIGHT_S);
    expect(lists.map(({ itemIds }) => itemIds.length)).toEqual([40, 13, 13, 40, 13, 13]);
    const visits = await shortlist('publish', 'co-visitation', '--now', '2026-11-20T00:00:00Z');
    expect(visits).toMatchObject({ code: 0, stdout: 'co-visitation: 40 items published\n' });
  });
});
