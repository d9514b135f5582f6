import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { eventKey } from '@shortlist/core/stores/event-key.ts';
import type { EventBatch } from '@shortlist/core/stores/event-store.ts';
import type { TransactionalStores } from '@shortlist/core/stores/stores.ts';
import { testLiveItems } from './contract-items.ts';
import { testLog } from './contract-log.ts';
import { testRecords } from './contract-records.ts';
import { testRejected } from './contract-rejected.ts';
import { testRetention } from './contract-retention.ts';
import { testUsers } from './contract-users.ts';
import { testWebhookStore } from './contract-webhooks.ts';
import { collect, event, HOSTILE, impression, item } from './rows.ts';

export interface StoresUnderTest {
  /** Empty stores. */
  fresh(): Promise<TransactionalStores>;
  stop(): Promise<void>;
}

/** What every implementation of the stores must do. `open` starts what it needs. */
export function testStoresContract(name: string, open: () => Promise<StoresUnderTest>): void {
  describe(`stores in ${name}`, () => {
    let underTest: StoresUnderTest;
    let stores: TransactionalStores;
    beforeAll(async () => {
      underTest = await open();
    });
    beforeEach(async () => {
      stores = await underTest.fresh();
    });
    afterAll(() => underTest.stop());

    testEvents(() => stores);
    testProfiles(() => stores);
    testItems(() => stores);
    testImpressions(() => stores);
    testTransactions(() => stores);
    testLog(() => stores);
    testLiveItems(() => stores);
    testRecords(() => stores);
    testUsers(() => stores);
    testRejected(() => stores);
    testRetention(() => stores);
    testWebhookStore(() => stores);
  });
}

function testEvents(stores: () => TransactionalStores): void {
  test('an event is stored once, whether it comes twice in a batch or in two batches', async () => {
    const { events } = stores();
    expect(await events.append([event('a'), event('b'), event('a')])).toEqual({
      inserted: 2,
      duplicates: 1,
      conflicts: 0,
    });
    expect(await events.append([event('b'), event('c')])).toEqual({ inserted: 1, duplicates: 1, conflicts: 0 });
    expect(await events.append([])).toEqual({ inserted: 0, duplicates: 0, conflicts: 0 });
    expect((await events.summary()).events).toBe(3);
  });

  test('another event under a known id is a conflict, and the first one stays', async () => {
    const { events } = stores();
    await events.append([event('a', { itemId: 'first', occurredAtS: 1.0000004 })]);
    const again = [event('a', { itemId: 'first', occurredAtS: 1 }), event('a', { itemId: 'second', occurredAtS: 1 })];
    expect(await events.append(again)).toEqual({ inserted: 0, duplicates: 2, conflicts: 1 });
    const [batch] = await collect(events.stream());
    expect(batch!.itemIds).toEqual(['first']);
  });

  test('a batch that is partly known stores the rest, once, around what it leaves out', async () => {
    const { events } = stores();
    const named = (ids: string[]) => ids.map((id) => event(id, { itemId: `item ${id}`, occurredAtS: 5 }));
    await events.append(named(['b', 'e']));
    const given = events.prepare();
    for (const one of named(['a', 'b', 'c', 'd', 'e', 'c', 'f'])) given.add(one);
    given.finish();
    expect(await events.append(given)).toEqual({ inserted: 4, duplicates: 3, conflicts: 0 });
    const [batch] = await collect(events.stream());
    expect(batch!.itemIds).toEqual(['b', 'e', 'a', 'c', 'd', 'f'].map((id) => `item ${id}`));
  });

  test('order of arrival holds within large batches and between them', async () => {
    const { events } = stores();
    const large = Array.from({ length: 70_000 }, (_, i) => event(`e${i}`, { itemId: `${i}`, occurredAtS: 5 }));
    await events.append([event('before', { itemId: 'before', occurredAtS: 5 })]);
    await events.append(large);
    await events.append([event('after', { itemId: 'after', occurredAtS: 5 })]);
    const itemIds = (await collect(events.stream())).flatMap((batch) => batch.itemIds);
    expect(itemIds).toEqual(['before', ...large.map(({ itemId }) => itemId), 'after']);
  });

  test('the stream is in time order, ties in order of arrival, whatever the batch size', async () => {
    const { events } = stores();
    const times = [50, 20, 40, 20, 10, 20, 30].map((offset) => 1_700_000_000 + offset);
    await events.append(times.map((occurredAtS, i) => event(`e${i}`, { itemId: `i${i}`, occurredAtS })));
    for (const batchMax of [1, 2, 7, 100]) {
      const batches = await collect(events.stream({ batchMax }));
      expect(batches.flatMap(({ itemIds }) => itemIds)).toEqual(['i4', 'i1', 'i3', 'i5', 'i6', 'i2', 'i0']);
      expect(Math.max(...batches.map(({ count }) => count))).toBe(Math.min(batchMax, 7));
      const seqs = batches.flatMap(({ seqs }) => [...seqs]);
      expect(seqs[1]! < seqs[2]! && seqs[2]! < seqs[3]!).toBe(true);
    }
  });

  test('the range holds its start and not its end', async () => {
    const { events } = stores();
    await events.append([10, 20, 30].map((occurredAtS) => event(`${occurredAtS}`, { occurredAtS })));
    const [batch, ...more] = await collect(events.stream({ fromS: 10, beforeS: 30 }));
    expect(more).toEqual([]);
    expect([...batch!.timesS]).toEqual([10, 20]);
    expect(await collect(events.stream({ beforeS: 10 }))).toEqual([]);
  });

  test('every column comes back as it went in', async () => {
    const { events } = stores();
    const full = {
      ...{ userId: 'u2', sessionId: 's2', itemId: 'i2', type: EVENT_CODE.purchase, occurredAtS: 1_700_000_001.123456 },
      ...{ value: 12.34, quantity: 3, surface: 'home', device: 'app', requestId: 'r1', position: 7 },
    };
    await events.append([event('plain'), event('full', full)]);
    const [batch] = await collect(events.stream());
    const { seqs, ...columns } = batch!;
    expect(seqs[0]! < seqs[1]!).toBe(true);
    expect(columns).toEqual({
      count: 2,
      userIds: ['u1', 'u2'],
      sessionIds: [null, 's2'],
      itemIds: ['i1', 'i2'],
      types: Uint8Array.of(EVENT_CODE.view, EVENT_CODE.purchase),
      timesS: Float64Array.of(1_700_000_000, 1_700_000_001.123456),
      values: Float32Array.of(NaN, 12.34),
      quantities: Float32Array.of(NaN, 3),
      positions: Int16Array.of(0, 7),
      requestIds: [null, 'r1'],
    } satisfies Omit<EventBatch, 'seqs'>);
  });

  test('hostile text survives', async () => {
    const { events } = stores();
    await events.append(HOSTILE.map((text, i) => event(`${i}${text}`, { itemId: text, userId: text })));
    const [batch] = await collect(events.stream());
    expect(batch!.itemIds).toEqual(HOSTILE);
    expect(batch!.userIds).toEqual(HOSTILE);
  });

  test('a stream sees one state: what is appended meanwhile is not in it', async () => {
    const { events } = stores();
    await events.append(['a', 'b', 'c'].map((id) => event(id)));
    let count = 0;
    for await (const batch of events.stream({ batchMax: 1 })) {
      count += batch.count;
      await events.append([event(`late-${count}`)]);
    }
    expect(count).toBe(3);
  });

  test('a stream that is left early lets go of what it held', async () => {
    const { events } = stores();
    await events.append(['a', 'b', 'c'].map((id) => event(id)));
    for (let i = 0; i < 20; i++) for await (const _ of events.stream({ batchMax: 1 })) break;
    expect((await events.summary()).events).toBe(3);
  });

  test('the summary counts users, anonymous sessions and the time span', async () => {
    const { events } = stores();
    expect(await events.summary()).toEqual({ events: 0, users: 0, anonymousSessions: 0, firstS: NaN, lastS: NaN });
    await events.append([
      event('a', { occurredAtS: 5 }),
      event('b', { sessionId: 's1', occurredAtS: 9 }),
      event('c', { userId: null, sessionId: 's2', occurredAtS: 7 }),
    ]);
    expect(await events.summary()).toEqual({ events: 3, users: 1, anonymousSessions: 1, firstS: 5, lastS: 9 });
  });
}

function testProfiles(stores: () => TransactionalStores): void {
  test('a profile is the newest events of one user or session, oldest first', async () => {
    const { events, profiles } = stores();
    await events.append([
      event('1', { itemId: 'late', occurredAtS: 300 }),
      event('2', { itemId: 'early', occurredAtS: 100 }),
      event('3', { itemId: 'first of a tie', occurredAtS: 200, type: EVENT_CODE.purchase }),
      event('4', { itemId: 'second of a tie', occurredAtS: 200 }),
      event('5', { userId: 'other', itemId: 'not mine' }),
      event('6', { userId: null, sessionId: 's1', itemId: 'of the session' }),
    ]);
    expect(await profiles.recent({ userId: 'u1' }, 3)).toEqual({
      keys: ['3', '4', '1'].map((id) => eventKey(id).toString('hex', 0, 8)),
      itemIds: ['first of a tie', 'second of a tie', 'late'],
      types: Uint8Array.of(EVENT_CODE.purchase, EVENT_CODE.view, EVENT_CODE.view),
      timesS: Float64Array.of(200, 200, 300),
    });
    expect((await profiles.recent({ userId: 'u1' }, 100)).itemIds).toHaveLength(4);
    expect((await profiles.recent({ sessionId: 's1' }, 100)).itemIds).toEqual(['of the session']);
  });

  test('an unknown user or session has an empty profile', async () => {
    const empty = { keys: [], itemIds: [], types: new Uint8Array(0), timesS: new Float64Array(0) };
    expect(await stores().profiles.recent({ userId: "nobody'; DROP TABLE events; --" }, 10)).toEqual(empty);
    expect(await stores().profiles.recent({ sessionId: '' }, 10)).toEqual(empty);
  });
}

function testItems(stores: () => TransactionalStores): void {
  test('an upsert inserts, changes or leaves alone, and says how many of each', async () => {
    const { items } = stores();
    expect(await items.upsert([item('a'), item('b')])).toEqual({ inserted: 2, updated: 0, unchanged: 0 });
    const changed = item('b', { price: 3.1, available: false, attributes: { colour: 'red', sizes: 3 } });
    expect(await items.upsert([item('a'), changed, item('c')])).toEqual({ inserted: 1, updated: 1, unchanged: 1 });
    expect(await items.upsert([item('a'), changed, item('c')])).toEqual({ inserted: 0, updated: 0, unchanged: 3 });
    expect((await collect(items.stream())).flat()).toEqual([
      item('a'),
      { ...changed, price: Math.fround(3.1) },
      item('c'),
    ]);
    expect(await items.count()).toBe(3);
  });

  test('of several items with one id in a batch the last counts', async () => {
    const { items } = stores();
    await items.upsert([item('a', { title: 'old' }), item('a', { title: 'new' })]);
    expect((await collect(items.stream())).flat().map(({ title }) => title)).toEqual(['new']);
  });

  test('missing items are inserted, known ones stay as they are', async () => {
    const { items } = stores();
    await items.upsert([item('a', { title: 'known' })]);
    expect(await items.insertMissing([item('a'), item('b'), item('b')])).toBe(1);
    expect((await collect(items.stream())).flat()).toEqual([item('a', { title: 'known' }), item('b')]);
  });

  test('items stream in byte order of their ids, hostile text included', async () => {
    const { items } = stores();
    const ids = [...HOSTILE, 'a', 'B', '10', '9'];
    await items.upsert(ids.map((id) => item(id, { title: id, attributes: { note: id } })));
    const streamed = await collect(items.stream(5));
    expect(streamed.map((batch) => batch.length)).toEqual([5, 5, 2]);
    const sorted = ids
      .map((id) => Buffer.from(id))
      .sort((a, b) => Buffer.compare(a, b))
      .map(String);
    expect(streamed.flat().map(({ itemId }) => itemId)).toEqual(sorted);
    expect(streamed.flat().map(({ attributes }) => attributes.note)).toEqual(sorted);
  });
}

function testImpressions(stores: () => TransactionalStores): void {
  test('a slate is stored once and comes back whole, in time order', async () => {
    const { impressions } = stores();
    const late = impression('a', { occurredAtS: 200, userId: 'u1', sessionId: null, category: 'books' });
    const early = impression('b', {
      occurredAtS: 100,
      itemIds: HOSTILE,
      propensities: new Float32Array(HOSTILE.length),
    });
    expect(await impressions.append([late, early, late])).toEqual({ inserted: 2, duplicates: 1 });
    expect(await impressions.append([early])).toEqual({ inserted: 0, duplicates: 1 });
    expect((await collect(impressions.stream({ batchMax: 1 }))).flat()).toEqual([early, late]);
    expect((await collect(impressions.stream({ beforeS: 200 }))).flat()).toEqual([early]);
    expect(await impressions.count()).toBe(2);
  });
}

function testTransactions(stores: () => TransactionalStores): void {
  const progress = { fileDigest: 'd', source: 's', file: 'f.csv', lines: 7, finished: false, counts: { events: 7 } };

  test('import progress is remembered by file and source', async () => {
    const { importProgress } = stores();
    expect(await importProgress.find('d', 's')).toBeUndefined();
    await importProgress.save(progress);
    await importProgress.save({ ...progress, lines: 9, finished: true });
    expect(await importProgress.find('d', 's')).toEqual({ ...progress, lines: 9, finished: true });
    expect(await importProgress.find('d', 'other')).toBeUndefined();
  });

  test('clear forgets everything', async () => {
    const all = stores();
    await all.items.upsert([item('a')]);
    await all.events.append([event('a')]);
    await all.impressions.append([impression('a')]);
    await all.importProgress.save(progress);
    await all.clear();
    expect([await all.items.count(), await all.impressions.count()]).toEqual([0, 0]);
    expect(await all.importProgress.find('d', 's')).toBeUndefined();
    expect(await all.events.append([event('a')])).toEqual({ inserted: 1, duplicates: 0, conflicts: 0 });
  });

  test('a transaction keeps all of its changes or none', async () => {
    const all = stores();
    await all.transaction(async (inside) => {
      await inside.events.append([event('a')]);
      await inside.events.append([event('a'), event('b')]);
      await inside.importProgress.save(progress);
    });
    const failure = all.transaction(async (inside) => {
      await inside.items.upsert([item('a')]);
      await inside.events.append([event('c')]);
      await inside.impressions.append([impression('a')]);
      await inside.importProgress.save({ ...progress, lines: 99 });
      throw new Error('stop');
    });
    await expect(failure).rejects.toThrow('stop');
    expect((await all.events.summary()).events).toBe(2);
    expect(await all.items.count()).toBe(0);
    expect(await all.impressions.count()).toBe(0);
    expect((await all.importProgress.find('d', 's'))?.lines).toBe(7);
    // The event that was rolled back is not remembered as seen.
    expect(await all.events.append([event('c')])).toEqual({ inserted: 1, duplicates: 0, conflicts: 0 });
  });
}
