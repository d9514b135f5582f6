import { afterAll, beforeAll, expect, it } from 'vitest';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { lines, sentExposure, sentSlate } from '../../../ingest/test/records/sent-records.ts';
import { differences, untilCaughtUp } from '../aggregator/test-aggregator.ts';
import { openDatabase, type Database } from '../../src/workspace/database.ts';
import { runCommand } from '../run-command.ts';
import { temporaryWorkspace } from '../workspace/temporary-workspace.ts';
import { startIngest, type IngestProcess } from './ingest-process.ts';

const REPLAY = ['events', 'rejected', 'replay', '--dataset', 'demo'];

/** The real service, aggregator included, on the real PostgreSQL. */
const workspace = temporaryWorkspace();
let database: Database;
let ingest: IngestProcess;
beforeAll(async () => {
  database = await openDatabase(workspace.environment, 'demo');
  ingest = await startIngest({ DATABASE_URL: database.url });
});
afterAll(async () => {
  await ingest.kill();
  await database.close();
  await workspace.remove();
});

const post = (body: string) =>
  fetch(`${ingest.url}/records`, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body });

interface Answer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly results: readonly { readonly status: string; readonly code?: string }[];
}

it('stores slates and exposures once, rejects by the line, and counts slates as impressions to the unit', async () => {
  const sent = [
    sentSlate('r1'),
    sentExposure('u:ann'),
    sentSlate('r2', {
      session_id: 's',
      user_id: null,
      items: ['i1', 'a"\\{},', 'Ünïcödé 🛒'],
      propensities: [1, 1, 0.5],
      sources: [],
    }),
    sentSlate('r3', { items: [], propensities: [], sources: [], error: 'internal', degraded: ['rank'] }),
    sentSlate('nul\u0000', { items: ['a\u0000b', 'c'] }),
    '{"kind":',
  ];
  const first = await post(lines(sent));
  expect(first.status).toBe(202);
  const answer = (await first.json()) as Answer;
  expect(answer).toMatchObject({ accepted: 4, duplicates: 0, rejected: 2 });
  expect(answer.results.slice(4).map(({ code }) => code)).toEqual(['event_not_storable', 'body_malformed']);
  expect(await (await post(lines(sent))).json()).toMatchObject({ accepted: 0, duplicates: 4, rejected: 2 });

  const { rows } = await database.pool.query(
    `SELECT request_id, user_id, item_ids, propensities, sources, teams, degraded, release, tier, error, latency_ms, sampled
     FROM impressions ORDER BY request_id`,
  );
  expect(rows).toHaveLength(3);
  expect(rows[0]).toEqual({
    ...{ request_id: 'r1', user_id: 'ann', item_ids: ['i1', 'i2'], propensities: [1, 0.25], sources: ['trending', ''] },
    ...{
      teams: null,
      degraded: [],
      release: 'release-1',
      tier: 'personalized',
      error: null,
      latency_ms: 3.5,
      sampled: 1,
    },
  });
  expect(rows[1]).toMatchObject({ item_ids: ['i1', 'a"\\{},', 'Ünïcödé 🛒'], sources: null });
  const seen = await database.pool.query(
    'SELECT request_id, experiment, unit, served, items, failed, degraded FROM slate_experiments ORDER BY request_id',
  );
  expect(seen.rows).toEqual([
    {
      request_id: 'r1',
      experiment: 'ranker-2',
      unit: 'u:ann',
      served: 'treatment',
      items: 2,
      failed: false,
      degraded: false,
    },
    {
      request_id: 'r2',
      experiment: 'ranker-2',
      unit: 'u:ann',
      served: 'treatment',
      items: 3,
      failed: false,
      degraded: false,
    },
    {
      request_id: 'r3',
      experiment: 'ranker-2',
      unit: 'u:ann',
      served: 'treatment',
      items: 0,
      failed: true,
      degraded: true,
    },
  ]);

  await untilCaughtUp(database.pool, 'counters', 20_000);
  expect(await differences(database.pool)).toEqual([]);
  const counted = await database.pool.query<{ item_id: string }>('SELECT item_id FROM item_counters ORDER BY item_id');
  expect(counted.rows.map(({ item_id }) => item_id).sort()).toEqual(['a"\\{},', 'i1', 'i2', 'Ünïcödé 🛒'].sort());
});

it('refuses what is too much as a whole, and says what waits', async () => {
  const tooMany = await post(lines(Array.from({ length: 5_001 }, () => '{}')));
  expect(tooMany.status).toBe(413);
  expect(await tooMany.json()).toMatchObject({ error: { code: 'too_many_events' } });
  const status = (await (await fetch(`${ingest.url}/status`)).json()) as { queue: object };
  expect(status.queue).toEqual({ events: 0, items: 0, records: 0 });
});

it('what was rejected is taken after all once it is mended', async () => {
  const stores = postgresStores(database.pool);
  const before = await stores.impressions.count();
  const late = sentSlate('from-the-future', { timestamp: Date.now() / 1000 + 302 });
  expect(await (await post(lines([late]))).json()).toMatchObject({ rejected: 1 });
  await database.pool.query(
    `UPDATE rejected_events SET payload = convert_to(replace(convert_from(payload, 'UTF8'), $1, $2), 'UTF8')
     WHERE code = 'event_in_future'`,
    [String(late.timestamp), String(late.timestamp - 302)],
  );
  const replayed = await runCommand([...REPLAY, '--code', 'event_in_future'], {
    ...workspace.variables,
    DATABASE_URL: database.url,
  });
  expect(replayed).toMatchObject({ code: 0 });
  expect(await stores.impressions.count()).toBe(before + 1);
});
