import { createHash, createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LOG_KIND } from '@shortlist/core/contracts/log.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { RedisConnection } from '@shortlist/core/stores/redis/connection.ts';
import { redisStores } from '@shortlist/core/stores/redis/stores.ts';
import { killChildren, type ChildPod } from '../../../serving/test/child-pod.ts';
import { differences, untilCaughtUp } from '../aggregator/test-aggregator.ts';
import { lines, sentExposure, sentSlate } from '../../../ingest/test/records/sent-records.ts';
import { LiveShop } from '../live/live-shop.ts';
import { tracesInFiles, tracesInRedis, tracesInTables, type Traces } from './find-traces.ts';

const SECRET = 'shopify-secret';
const CUSTOMER = 7_771_310_627_314_723;
const WITHIN = { timeout: 30_000, interval: 50 };
/** The customer of a webhook is a user under this id. */
const USER = String(CUSTOMER);
const NEIGHBOUR = 'neighbour-of-the-erased';
const EVENT_ID = 'canary-event-1';
const keyOf = (eventId: string) => createHash('sha256').update(eventId).digest('hex').slice(0, 32);
const uuidOf = (key: string) => key.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');

const TRACES: Traces = {
  'user id': USER,
  'session id': 'canary-session',
  'merged session id': 'canary-anonymous',
  'event id': 'canary-event',
  'event key': uuidOf(keyOf(EVENT_ID)),
  'event key in the log': keyOf(EVENT_ID).slice(0, 16),
  'search text': 'canary-search',
  attribute: 'canary-attribute',
  'rejected payload': 'canary-rejected',
  'request id': 'canary-request',
  'e-mail of an order': 'canary@example.com',
};

let shop: LiveShop;
let pod: ChildPod;
let redis: RedisConnection;
beforeAll(async () => {
  shop = await LiveShop.open({
    ingest: { SHORTLIST_INGEST_SHOPIFY_SECRET: SECRET, SHORTLIST_LOG_REQUESTS_SHARE: '1' },
  });
  pod = await shop.startPod({ SHORTLIST_LOG_REQUESTS_SHARE: '1', SHORTLIST_RECOMMEND_CACHE_S: '300' });
  redis = new RedisConnection(shop.redis.url, { dataset: 'live' });
  await redis.check();
});
afterAll(async () => {
  redis.close();
  killChildren();
  await shop.close();
});

const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`${shop.ingest.url()}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });

const event = (of: object) => ({ item_id: 'item-2', type: 'view', timestamp: Date.now() / 1000 - 60, ...of });

async function plant(): Promise<void> {
  const sent = await post(
    '/events',
    JSON.stringify([
      event({ event_id: EVENT_ID, user_id: USER, session_id: 'canary-session', type: 'purchase' }),
      event({ event_id: 'canary-event-2', user_id: USER, type: 'click', request_id: 'canary-request', position: 1 }),
      event({ event_id: 'canary-event-3', user_id: USER, type: 'search', item_id: undefined, query: 'canary-search' }),
      // Before they logged in, and in a session of which no other event names the user.
      event({ event_id: 'canary-event-4', session_id: 'canary-session' }),
      event({ event_id: 'canary-event-5', session_id: 'canary-anonymous', type: 'purchase', item_id: 'item-4' }),
      event({ event_id: 'neighbour-event', user_id: NEIGHBOUR, type: 'purchase' }),
    ]),
  );
  expect(await sent.json()).toMatchObject({ accepted: 6 });
  const seen = { ...sentSlate('').experiments[0]!, unit: `u:${USER}` };
  const recorded = [
    sentSlate('canary-recorded-request', { user_id: USER, session_id: 'canary-visit', experiments: [seen] }),
    sentExposure(`u:${USER}`),
    sentExposure('s:canary-visit', { experiment: 'by-session' }),
    sentExposure(`u:${USER}`, { version: 0 }),
  ];
  const records = await post('/records', lines(recorded), { 'content-type': 'application/x-ndjson' });
  expect(await records.json()).toMatchObject({ accepted: 3, rejected: 1 });
  await shop.send('POST', '/users/merge', { session_id: 'canary-anonymous', user_id: USER });
  await shop.send('POST', '/users', { user_id: USER, attributes: { note: 'canary-attribute' } });
  // Rejected by validation, by its time, and not even JSON.
  const rejected = [
    JSON.stringify(event({ user_id: USER, type: 'canary-rejected-type' })),
    JSON.stringify(event({ session_id: 'canary-session', timestamp: 1, query: 'canary-rejected-late' })),
    `{"user_id":"${USER}","query":"canary-rejected-torn`,
  ];
  const refused = await post('/events', rejected.join('\n'), { 'content-type': 'application/x-ndjson' });
  expect(await refused.json()).toMatchObject({ rejected: 3 });
  await order({ id: 1, product_id: 2, line_items: [{ id: 3, product_id: 4, quantity: 1, price: '9.90' }] });
  // An order that cannot be read.
  await order({ id: 'canary-rejected-order', line_items: 'none' });
  await importImpression();
  // Their profile, a kept slate and one made ahead.
  for (const user of [USER, NEIGHBOUR]) {
    await recommend(user);
    await redisStores(redis).slates.write(new Map([[user, JSON.stringify({ user_id: user })]]), 3_600);
  }
}

/** As an import does it. */
async function importImpression(): Promise<void> {
  const lane = await postgresStores(shop.database.pool).log.openLane();
  await lane.write(async ({ impressions }, tell) => {
    await impressions.append([
      {
        requestId: 'canary-request',
        userId: USER,
        sessionId: 'canary-session',
        occurredAtS: Date.now() / 1000 - 60,
        surface: 'home',
        device: 'app',
        category: '',
        itemIds: ['item-1'],
        propensities: Float32Array.of(1),
      },
    ]);
    tell({ kind: LOG_KIND.reset, payload: { reason: 'import' } });
  });
  await lane.close();
  for (const consumer of ['counters', 'projector']) await untilCaughtUp(shop.database.pool, consumer);
}

async function order(of: object): Promise<void> {
  const body = JSON.stringify({
    created_at: new Date().toISOString(),
    email: 'canary@example.com',
    customer: { id: CUSTOMER, email: 'canary@example.com' },
    ...of,
  });
  const answer = await post('/webhooks/shopify/orders/create', body, {
    'x-shopify-hmac-sha256': createHmac('sha256', SECRET).update(body).digest('base64'),
    'x-shopify-webhook-id': createHash('sha256').update(body).digest('hex'),
    'x-shopify-triggered-at': new Date().toISOString(),
  });
  expect(answer.status).toBe(200);
}

async function recommend(user: string): Promise<{ tier: string; recommendations: unknown[] }> {
  const response = await fetch(`${pod.url()}/recommend`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user_id: user, num_items: 5 }),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as { tier: string; recommendations: unknown[] };
}

/** Everything that any process or store holds, but the sources of releases. */
async function traces(): Promise<string[]> {
  const logs = { ingest: shop.ingest, pod };
  return [
    ...(await tracesInTables(shop.database.pool, TRACES)),
    ...(await tracesInRedis(redis, TRACES)),
    ...tracesInFiles(shop.workspace.environment.home, TRACES, (path) => path.endsWith('.log')),
    ...Object.entries(logs).flatMap(([name, { lines, stderr }]) => {
      const text = JSON.stringify(lines) + stderr();
      return Object.entries(TRACES)
        .filter(([, trace]) => text.includes(trace))
        .map(([what]) => `log of ${name}: ${what}`);
    }),
  ];
}

it('an erasure leaves no trace in any table, key, stream or log, and nobody else loses anything', async () => {
  await plant();
  const { pool } = shop.database;
  for (const consumer of ['counters', 'projector']) await untilCaughtUp(pool, consumer);
  await expect.poll(async () => (await recommend(USER)).tier, WITHIN).toBe('personalized');
  // The scan finds what is there.
  const before = await traces();
  for (const place of [
    'events',
    'event_keys',
    'exposures',
    'impressions',
    'log_batches',
    'rejected_events',
    'session_users',
    'slate_experiments',
    'users',
  ])
    expect(
      before.some((trace) => trace.startsWith(`public.${place}`)),
      place,
    ).toBe(true);
  const profile = `${redis.key(`p:u:${USER}`)}: user id`;
  const slate = `${redis.key(`recommendations:user:${USER}`)}: user id`;
  expect(before).toEqual(expect.arrayContaining([profile, slate]));

  const answer = await fetch(`${shop.ingest.url()}/users/${USER}`, { method: 'DELETE' });
  expect(answer.status).toBe(202);
  const { receipt } = (await answer.json()) as { receipt: string };
  const isComplete = async () => {
    const response = await fetch(`${shop.ingest.url()}/erasures/${receipt}`);
    return ((await response.json()) as { completed_at: string | null }).completed_at !== null;
  };
  await expect.poll(isComplete, WITHIN).toBe(true);

  expect(await traces()).toEqual([]);
  // The pod has forgotten them, too. (Who asks under the id again is in the cache again: as somebody without a past.)
  expect((await recommend(USER)).tier).not.toBe('personalized');
  expect(await (await fetch(`${shop.ingest.url()}/users/${USER}/events`)).text()).toBe('');
  expect(await (await fetch(`${shop.ingest.url()}/users/${NEIGHBOUR}/events`)).text()).toContain('neighbour-event');
  expect(await differences(pool)).toEqual([]);
});
