import { expect, test } from 'vitest';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { LOG_KIND } from '@shortlist/core/contracts/log.ts';
import type { TransactionalStores } from '@shortlist/core/stores/stores.ts';
import { collect, event, impression } from './rows.ts';

const { purchase, view } = EVENT_CODE;

export function testUsers(stores: () => TransactionalStores): void {
  test("a user's attributes are set as they come; the last of a batch counts", async () => {
    const { users } = stores();
    await users.put([
      { userId: 'u1', attributes: { country: 'CH' } },
      { userId: 'u2', attributes: {} },
      { userId: 'u1', attributes: { country: 'DE', vip: true } },
    ]);
    expect(await users.get('u1')).toEqual({ userId: 'u1', attributes: { country: 'DE', vip: true } });
    await users.put([{ userId: 'u1', attributes: {} }]);
    expect(await users.get('u1')).toEqual({ userId: 'u1', attributes: {} });
    expect(await users.get('nobody')).toBeUndefined();
  });

  test('an anonymous session becomes a user: events and slates are theirs, once', async () => {
    const { events, users, profiles, impressions } = stores();
    await events.append([
      event('1', { userId: null, sessionId: 's1', itemId: 'a', occurredAtS: 100 }),
      event('2', { userId: null, sessionId: 's1', itemId: 'b', occurredAtS: 200, type: purchase }),
      event('3', { userId: 'other', sessionId: 's1', itemId: 'c', occurredAtS: 300 }),
      event('4', { userId: null, sessionId: 's2', itemId: 'd', occurredAtS: 400 }),
      event('5', { userId: 'u1', itemId: 'e', occurredAtS: 90_000 }),
    ]);
    await impressions.append([impression('r1', { sessionId: 's1' })]);
    expect(await users.merge('s1', 'u1')).toEqual({
      events: 2,
      payload: { sessionId: 's1', userId: 'u1', boughtItemIds: ['b'] },
    });
    expect((await users.merge('s1', 'u1')).events).toBe(0);
    expect((await profiles.recent({ userId: 'u1' }, 10)).itemIds).toEqual(['a', 'b', 'e']);
    expect((await profiles.recent({ sessionId: 's1' }, 10)).itemIds).toEqual(['a', 'b', 'c']);
    expect((await profiles.recent({ userId: 'other' }, 10)).itemIds).toEqual(['c']);
    expect((await collect(impressions.stream())).flat()[0]).toMatchObject({ userId: 'u1' });
    // The same events again are known, and no other events.
    expect(await events.append([event('1', { userId: null, sessionId: 's1', itemId: 'a', occurredAtS: 100 })])).toEqual(
      {
        ...{ inserted: 0, duplicates: 1, conflicts: 0 },
      },
    );
  });

  test("a user's events are exported oldest first, with everything that is kept of them", async () => {
    const { events, users } = stores();
    await events.append([
      event('b', { occurredAtS: 90_000, itemId: '', query: 'lamp', type: EVENT_CODE.search }),
      event('a', { occurredAtS: 5.5, sessionId: 's1', value: 2.5, quantity: 2, customType: 'share', surface: 'home' }),
      event('c', { userId: 'other' }),
    ]);
    const batches = await collect(users.exportEvents('u1', 1));
    expect(batches.map(({ length }) => length)).toEqual([1, 1]);
    const [first, second] = batches.flat();
    expect(first).toMatchObject({
      ...{ eventId: 'a', type: view, customType: 'share', itemId: 'i1', sessionId: 's1', occurredAtS: 5.5, value: 2.5 },
      ...{ quantity: 2, surface: 'home', device: null, requestId: null, position: null, query: null },
    });
    expect(first!.receivedAtS).toBeGreaterThan(1.7e9);
    expect(second).toMatchObject({ eventId: 'b', itemId: '', query: 'lamp', occurredAtS: 90_000 });
    expect(await collect(users.exportEvents('nobody'))).toEqual([]);
  });

  test('erasure removes rejected payloads that number the user, and nobody else', async () => {
    const { users, rejected } = stores();
    const reject = { source: 'shopify orders/create', stage: 'validate', code: 'field_invalid', reason: 'line_items' };
    const payloads = [
      '{"customer":{"id": 75}}',
      '{"user_id":75,"x":',
      '{"customer":{"id":755}}',
      '{"quantity":75}',
      '75',
    ];
    await rejected.add(payloads.map((payload) => ({ ...reject, payload: Buffer.from(payload) })));
    const { receipt } = await users.erase('75');
    expect(receipt.counts.rejected_events).toBe(2);
    const left = (await rejected.list({}, 0, 10)).map(({ payload }) => Buffer.from(payload).toString());
    expect(left.sort()).toEqual([...payloads.slice(2)].sort());
  });

  test('erasure removes the user, their sessions and what names them, and says what to take back', async () => {
    const { events, users, profiles, impressions, rejected, log, tail } = stores();
    await events.append([
      event('1', { sessionId: 's1', itemId: 'a', occurredAtS: 100, type: purchase }),
      event('2', { itemId: 'a', occurredAtS: 90_000, type: purchase }),
      event('3', { userId: null, sessionId: 's1', itemId: 'b', occurredAtS: 300 }),
      event('4', { userId: null, sessionId: 's2', itemId: 'c', occurredAtS: 400, type: purchase }),
      event('5', { userId: 'other', sessionId: 's1', itemId: 'd', occurredAtS: 500 }),
    ]);
    await users.merge('s2', 'u1');
    await users.put([{ userId: 'u1', attributes: { name: 'canary' } }]);
    await impressions.append([impression('r1', { userId: 'u1', sessionId: null }), impression('r2')]);
    const reject = { source: 'api', stage: 'validate', code: 'field_invalid', reason: 'type' };
    await rejected.add([
      { ...reject, payload: Buffer.from('{"user_id":"u1","type":"?"}') },
      { ...reject, payload: Buffer.from('{"user_id":"u12","type":"?"}') },
    ]);
    const lane = await log.openLane();
    const { receipt, units, retractions } = await lane.write(async (inside, tell) => {
      const result = await inside.users.erase('u1');
      for (const payload of result.retractions) tell({ kind: LOG_KIND.retract, payload });
      return result;
    });
    expect(receipt).toMatchObject({
      completedAtS: null,
      counts: { events: 4, event_keys: 4, impressions: 2, users: 1, session_users: 1, rejected_events: 1 },
    });
    expect([...units].sort()).toEqual(['s:s1', 's:s2', 'u:u1']);
    expect(retractions).toHaveLength(1);
    const { itemIds, types, timesS, firstPurchases } = retractions[0]!;
    expect(itemIds.map((id, i) => `${id} ${types[i]} ${timesS[i]}`).sort()).toEqual(
      [
        ...[`a ${purchase} 100`, `a ${purchase} 90000`, `b ${view} 300`, `c ${purchase} 400`],
        // Each of the two slates showed both.
        ...['i1 3 1700000000', 'i1 3 1700000000', 'i2 3 1700000000', 'i2 3 1700000000'],
      ].sort(),
    );
    expect([...firstPurchases].sort((a, b) => a.oldS - b.oldS)).toEqual([
      { itemId: 'a', oldS: 100, newS: null },
      { itemId: 'c', oldS: 400, newS: null },
    ]);
    expect(await users.get('u1')).toBeUndefined();
    expect(await collect(users.exportEvents('u1'))).toEqual([]);
    expect((await profiles.recent({ sessionId: 's1' }, 10)).itemIds).toEqual(['d']);
    expect((await profiles.recent({ userId: 'other' }, 10)).itemIds).toEqual(['d']);
    expect((await profiles.recent({ userId: 'u1' }, 10)).itemIds).toEqual([]);
    expect((await collect(events.stream())).flatMap((batch) => batch.itemIds)).toEqual(['d']);
    expect(await rejected.count()).toBe(1);
    expect(await users.erasure(receipt.receipt)).toEqual(receipt);

    const [done] = await users.completeErasures({ counters: await tail.offsetsNow() });
    expect(done).toMatchObject({ receipt: receipt.receipt });
    expect(done!.completedAtS).toBeGreaterThan(0);
    expect(await users.erasure(receipt.receipt)).toEqual(done);
    expect(await users.completeErasures({})).toEqual([]);
    expect(await users.erasure('none')).toBeUndefined();
    await lane.close();
  });

  test('a completed erasure leaves no batch in the log that names the user', async () => {
    const { users, log, tail } = stores();
    const lane = await log.openLane();
    const start = await tail.offsetsNow();
    await lane.append([event('1'), event('2', { userId: 'other' })]);
    await lane.write(async (inside, tell) => {
      for (const payload of (await inside.users.erase('u1')).retractions) tell({ kind: LOG_KIND.retract, payload });
    });
    expect(await users.completeErasures({ slow: start })).toEqual([]);
    expect(JSON.stringify(await tail.read(start, 1_000))).toContain('"u1"');
    expect(await users.completeErasures({ slow: await tail.offsetsNow() })).toHaveLength(1);
    const left = await tail.read(start, 1_000);
    expect(left.map(({ kind }) => kind)).toEqual([LOG_KIND.retract]);
    expect(JSON.stringify(left)).not.toContain('u1');
    await lane.append([event('3', { userId: 'other' })]);
    expect((await tail.read(start, 1_000)).map(({ kind }) => kind)).toEqual([LOG_KIND.retract, LOG_KIND.events]);
    await lane.close();
  });
}
