import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { openDatabase, type Database } from '../../src/workspace/database.ts';
import { temporaryWorkspace } from '../workspace/temporary-workspace.ts';
import { startIngest, type IngestProcess } from './ingest-process.ts';

/** The real service on the real PostgreSQL. */
const workspace = temporaryWorkspace();
let database: Database;
let ingest: IngestProcess;
beforeAll(async () => {
  database = await openDatabase(workspace.environment, 'demo');
  ingest = await startIngest({
    DATABASE_URL: database.url,
    SHORTLIST_INGEST_ROLES: 'api',
    SHORTLIST_INGEST_EVENT_TYPES: 'share=2',
  });
});
afterAll(async () => {
  await ingest.kill();
  await database.close();
  await workspace.remove();
});

interface EventsAnswer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly results: readonly { status: string; event_id?: string; stage?: string; code?: string; message?: string }[];
}

const send = (method: string, path: string, body?: unknown, type = 'application/json') =>
  fetch(`${ingest.url}${path}`, {
    method,
    headers: { 'content-type': type },
    ...(body === undefined
      ? {}
      : { body: typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body) }),
  });
const jsonOf = async <T>(response: Response): Promise<T> => (await response.json()) as T;
const errorOf = async (response: Response) =>
  (await jsonOf<{ error: { code: string; message: string; details: Record<string, unknown> } }>(response)).error;

describe('POST /events', () => {
  it('stores one event, and once only', async () => {
    const event = { event_id: 'one', user_id: 'ann', item_id: 'i1', type: 'view' };
    const first = await send('POST', '/events', event);
    expect(first.status).toBe(202);
    expect(await jsonOf(first)).toEqual({
      accepted: 1,
      duplicates: 0,
      rejected: 0,
      results: [{ status: 'accepted', event_id: 'one' }],
    });
    const again = await jsonOf<EventsAnswer>(await send('POST', '/events', event));
    expect(again).toMatchObject({ accepted: 0, duplicates: 1, results: [{ status: 'duplicate' }] });
    const { rows } = await database.pool.query(`SELECT user_id, item_id, type FROM events WHERE event_id = 'one'`);
    expect(rows).toEqual([{ user_id: 'ann', item_id: 'i1', type: 1 }]);
  });

  it('judges every event of an array by itself and keeps what it refuses, with the reason', async () => {
    const nowS = Date.now() / 1000;
    const good = (n: number) => ({ event_id: `good-${n}`, session_id: 's', item_id: 'i', type: 'click' });
    const events = [
      good(1),
      { session_id: 's', item_id: 'i', type: 'teleport' },
      { session_id: 's', type: 'view' },
      { item_id: 'i', type: 'view' },
      { session_id: 's', item_id: 'a\u0000b', type: 'view' },
      { session_id: 's', item_id: 'i', type: 'view', timestamp: nowS + 3600 },
      { session_id: 's', item_id: 'i', type: 'view', timestamp: '2001-01-01' },
      { session_id: 's', item_id: 'i', type: 'view', timestamp: 'soon' },
      { session_id: 's', item_id: 'i', type: 'view', position: 1 },
      { session_id: 's', item_id: 'i', type: 'view', colour: 'red' },
      'not an event',
      good(2),
    ];
    const answer = await jsonOf<EventsAnswer>(await send('POST', '/events', events));
    expect(answer).toMatchObject({ accepted: 2, duplicates: 0, rejected: 10 });
    expect(answer.results.map(({ status, stage, code }) => [status, stage, code].filter(Boolean).join(' '))).toEqual([
      'accepted',
      ...Array<string>(4).fill('rejected validate field_invalid'),
      'rejected time event_in_future',
      'rejected time event_too_old',
      ...Array<string>(4).fill('rejected validate field_invalid'),
      'accepted',
    ]);
    expect(answer.results[1]!.message).toContain('Field type is invalid');
    const kept = await postgresStores(database.pool).rejected.list({}, 0, 100);
    expect(kept).toHaveLength(10);
    expect(JSON.parse(Buffer.from(kept[0]!.payload).toString())).toEqual(events[1]);
  });

  it('parses lines one by one: bytes that are no UTF-8 cost no neighbour', async () => {
    const line = (n: number) => Buffer.from(`{"event_id":"line-${n}","user_id":"u","item_id":"i","type":"view"}\n`);
    const body = Buffer.concat([
      line(1),
      Buffer.from([0x7b, 0xff, 0xfe, 0x7d, 0x0a]),
      Buffer.from('{"half":\n\n'),
      Buffer.from(`{"user_id":"u","item_id":"${'x'.repeat(20_000)}","type":"view"}\n`),
      line(2),
    ]);
    const answer = await jsonOf<EventsAnswer>(await send('POST', '/events', body, 'application/x-ndjson'));
    expect(answer).toMatchObject({ accepted: 2, rejected: 3 });
    expect(answer.results.map(({ code }) => code)).toEqual([
      undefined,
      'body_malformed',
      'body_malformed',
      'event_too_large',
      undefined,
    ]);
  });

  it('answers a single event that is wrong with its error', async () => {
    const response = await send('POST', '/events', { user_id: 'u', item_id: 'i', type: 'view', value: 'much' });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: 'field_invalid', details: { field: 'value' } });
  });

  it('takes custom types, searches and events without an id', async () => {
    const answer = await jsonOf<EventsAnswer>(
      await send('POST', '/events', [
        { user_id: 'cid', item_id: 'i', type: 'share' },
        { user_id: 'cid', type: 'search', query: 'lamp' },
      ]),
    );
    expect(answer).toMatchObject({ accepted: 2, rejected: 0 });
    expect(answer.results[0]!.event_id).toMatch(/^[0-9a-f-]{36}$/);
    const { rows } = await database.pool.query(
      `SELECT type, custom_type, item_id, query FROM events WHERE user_id = 'cid' ORDER BY type`,
    );
    expect(rows).toEqual([
      { type: 6, custom_type: 'share', item_id: 'i', query: null },
      { type: 10, custom_type: null, item_id: '', query: 'lamp' },
    ]);
  });

  it('refuses more events than one commit holds', async () => {
    const events = Array.from({ length: 5_001 }, () => ({ user_id: 'u', item_id: 'i', type: 'view' }));
    const response = await send('POST', '/events', events);
    expect([response.status, (await errorOf(response)).code]).toEqual([413, 'too_many_events']);
  });
});

describe('the catalogue', () => {
  it('adds, changes and deletes an item; stock decides whether it may be served', async () => {
    const item = { item_id: 'lamp', title: 'Lamp', category: 'home', price: 20, stock: 3 };
    expect(await jsonOf(await send('POST', '/items', item))).toEqual({
      results: [{ item_id: 'lamp', status: 'inserted' }],
    });
    const availability = async () => {
      const { rows } = await database.pool.query<{ available: boolean }>(
        `SELECT available FROM items WHERE item_id = 'lamp'`,
      );
      return rows[0]!.available;
    };
    expect(await availability()).toBe(true);
    const patched = await send('PATCH', '/items/lamp', { stock: 0 });
    expect(await jsonOf(patched)).toEqual({ item_id: 'lamp', status: 'updated' });
    expect(await availability()).toBe(false);
    await send('PATCH', '/items/lamp', { stock: 5, version: 10 });
    expect(await jsonOf(await send('PATCH', '/items/lamp', { stock: 0, version: 9 }))).toMatchObject({
      status: 'stale',
    });
    expect(await availability()).toBe(true);
    expect(await jsonOf(await send('DELETE', '/items/lamp'))).toMatchObject({ status: 'updated' });
    expect(await availability()).toBe(false);
  });

  it('says what it does not know', async () => {
    const missing = await send('PATCH', '/items/nothing', { stock: 1 });
    expect([missing.status, (await errorOf(missing)).code]).toEqual([404, 'catalogue_item_not_found']);
    const empty = await send('PATCH', '/items/lamp', {});
    expect([empty.status, (await errorOf(empty)).code]).toEqual([400, 'field_invalid']);
  });

  it('keeps ids that need escaping in a path', async () => {
    await send('POST', '/items', { item_id: 'a/b ü', title: 'Odd' });
    const response = await send('PATCH', `/items/${encodeURIComponent('a/b ü')}`, { price: 3 });
    expect(await jsonOf(response)).toEqual({ item_id: 'a/b ü', status: 'updated' });
    expect((await send('PATCH', '/items/%E0%A4', { price: 3 })).status).toBe(400);
  });
});

describe('shoppers', () => {
  it('become known, are exported and erased with a receipt', async () => {
    await send('POST', '/events', [
      { event_id: 'eve-1', session_id: 'visit-1', item_id: 'i1', type: 'view' },
      { event_id: 'eve-2', user_id: 'eve', item_id: 'i2', type: 'purchase', value: 3 },
    ]);
    const merged = await send('POST', '/users/merge', { session_id: 'visit-1', user_id: 'eve' });
    expect(await jsonOf(merged)).toEqual({ events: 1 });
    await send('POST', '/users', { user_id: 'eve', attributes: { country: 'NL' } });
    const lines = (await (await send('GET', '/users/eve/events')).text()).trim().split('\n');
    const exported = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(exported.map(({ event_id: id, type, session_id: session }) => [id, type, session])).toEqual([
      ['eve-1', 'view', 'visit-1'],
      ['eve-2', 'purchase', undefined],
    ]);
    const erased = await send('DELETE', '/users/eve');
    expect(erased.status).toBe(202);
    const { receipt, removed } = await jsonOf<{ receipt: string; removed: Record<string, number> }>(erased);
    expect(removed.events).toBe(2);
    expect((await send('GET', `/erasures/${receipt}`)).status).toBe(200);
    expect(await (await send('GET', '/users/eve/events')).text()).toBe('');
    expect((await send('GET', '/erasures/00000000-0000-0000-0000-000000000000')).status).toBe(404);
  });
});

describe('operation', () => {
  it('shows queue, rejected events and metrics', async () => {
    const status = await jsonOf<Record<string, unknown>>(await send('GET', '/status'));
    expect(status).toMatchObject({ ready: true, phase: 'serving', roles: ['api'], queue: { events: 0, items: 0 } });
    expect(status.rejected_waiting).toBeGreaterThan(0);
    const metrics = await (await send('GET', '/metrics')).text();
    expect(metrics).toMatch(/shortlist_ingest_events_total\{status="accepted",stage=""\} \d+/);
    expect((await jsonOf<{ paths: object }>(await send('GET', '/openapi.json'))).paths).toHaveProperty('/items/{id}');
  });
});
