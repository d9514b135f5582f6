import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetReadObjects, asyncBufferFromFile } from 'hyparquet';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { redisStores } from '@shortlist/core/stores/redis/stores.ts';
import type { PrecomputedSlate } from '../../src/precompute/precompute.ts';
import { openDatabase } from '../../src/workspace/database.ts';
import { openRedis, type OpenedRedis } from '../../src/workspace/redis.ts';
import { event } from '../../../core/test/stores/rows.ts';
import { runCommand, startCommand } from '../run-command.ts';
import { tinyShop } from '../up/tiny-shop.ts';
import type { TemporaryWorkspace } from '../workspace/temporary-workspace.ts';

/** More than one batch. */
const USERS = 1_100;
const UNTIL_S = 1_700_000_000;

let workspace: TemporaryWorkspace;
let redis: OpenedRedis;
beforeAll(async () => {
  workspace = await tinyShop();
  const database = await openDatabase(workspace.environment, 'tiny');
  const users = Array.from({ length: USERS }, (_, n) =>
    event(`extra-${n}`, {
      userId: `user-${n}`,
      itemId: `item-${n % 40}`,
      type: EVENT_CODE.view,
      occurredAtS: UNTIL_S - 60 * n,
    }),
  );
  await postgresStores(database.pool).events.append(users);
  await database.pool.query(`UPDATE items SET stock = 0 WHERE item_id = 'item-5'`);
  await database.close();
  redis = await openRedis(workspace.environment, 'tiny');
});
afterAll(async () => {
  await redis?.close();
  await workspace?.remove();
});

const run = (...words: string[]) =>
  runCommand(['precompute', '--dataset', 'tiny', '-k', '5', ...words], workspace.variables);
const slatesOf = (file: string): PrecomputedSlate[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as PrecomputedSlate);
const shapeOf = ({ user_id: user, items, tier }: PrecomputedSlate) => `${user}: ${items.length} ${tier}`;

it('ranks every user once, into the file and Redis, and goes on where it was killed', async () => {
  const [whole, killed] = [
    join(workspace.environment.home, 'whole.jsonl'),
    join(workspace.environment.home, 'k.jsonl'),
  ];
  const first = await run('--out', whole);
  expect([first.code, first.stderr]).toEqual([0, '']);
  expect(JSON.parse(first.stdout)).toMatchObject({ users: USERS + 1, file: whole });
  const slates = slatesOf(whole);
  expect(new Set(slates.map(({ user_id: id }) => id)).size).toBe(USERS + 1);
  expect(new Set(slates.map(({ items, tier }) => `${items.length} ${tier}`))).toEqual(new Set(['5 personalized']));
  expect(slates.some(({ items }) => items.some(({ item_id: id }) => id === 'item-5'))).toBe(false);
  expect(existsSync(`${whole}.progress.json`)).toBe(false);
  const kept = await redisStores(redis.connection).slates.read('user-7');
  expect(JSON.parse(kept!)).toEqual(slates.find(({ user_id: id }) => id === 'user-7'));

  const running = startCommand(['precompute', '--dataset', 'tiny', '-k', '5', '--out', killed], workspace.variables);
  await expect.poll(() => existsSync(`${killed}.progress.json`), { timeout: 30_000, interval: 2 }).toBe(true);
  running.process.kill('SIGKILL');
  await running.outcome;
  const second = await run('--out', killed);
  expect(second.code).toBe(0);
  // Scores follow the clock, so what two runs make of one user may differ in the last places.
  expect(slatesOf(killed).map(shapeOf)).toEqual(slates.map(shapeOf));
});

it('writes Parquet with a row per slot', async () => {
  const out = join(workspace.environment.home, 'slates.parquet');
  expect((await run('--out', out, '--format', 'parquet', '--no-redis')).code).toBe(0);
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(out) });
  expect(rows).toHaveLength(5 * (USERS + 1));
  expect(rows[0]).toMatchObject({ user_id: 'ada', slot: 1, tier: 'personalized' });
});

it('says where it cannot write', async () => {
  const { code, stderr } = await run('--out', join(workspace.environment.home, 'no/such/folder/x.jsonl'));
  expect(code).toBe(2);
  expect(stderr).toMatch(/^error output_unwritable: .*no\/such\/folder/);
});
