import { expect, test } from 'vitest';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { LOG_KIND } from '@shortlist/core/contracts/log.ts';
import type { TransactionalStores } from '@shortlist/core/stores/stores.ts';
import { collect, event, impression } from './rows.ts';

const { purchase, view } = EVENT_CODE;
const DAY = 19_700;
const at = (day: number, secondS: number) => (DAY + day) * 86_400 + secondS;

export function testRetention(stores: () => TransactionalStores): void {
  test('a day is dropped with all that it held, and the log is told what is gone and which purchases come first now', async () => {
    const { events, retention, profiles, log, tail } = stores();
    await events.append([
      event('1', { itemId: 'a', type: purchase, occurredAtS: at(0, 50) }),
      event('2', { itemId: 'a', type: purchase, occurredAtS: at(0, 40) }),
      event('3', { itemId: 'b', type: purchase, occurredAtS: at(0, 60), userId: null, sessionId: 's' }),
      event('4', { itemId: 'c', occurredAtS: at(0, 86_399) }),
      event('5', { itemId: 'a', type: purchase, occurredAtS: at(2, 9) }),
      event('6', { itemId: 'a', type: purchase, occurredAtS: at(1, 9) }),
      event('7', { itemId: 'b', type: purchase, occurredAtS: at(1, 7), userId: 'other', sessionId: 's' }),
    ]);
    expect((await retention.partitions()).map(({ day }) => day)).toEqual([DAY, DAY + 1, DAY + 2]);
    const lane = await log.openLane();
    const start = await tail.offsetsNow();
    const dropped = await lane.write(async (inside, tell) => {
      const result = await inside.retention.dropDay(DAY);
      for (const payload of result.retractions) tell({ kind: LOG_KIND.retract, payload });
      return result;
    });
    await lane.close();
    expect(dropped.events).toBe(4);
    const [batch] = await tail.read(start, 100);
    expect(batch).toMatchObject({ kind: LOG_KIND.retract, count: 4 });
    const { itemIds, types, timesS, firstPurchases } = dropped.retractions[0]!;
    expect(batch!.payload).toEqual(dropped.retractions[0]);
    expect(itemIds.map((id, i) => `${id} ${types[i]} ${timesS[i]}`).sort()).toEqual(
      [
        `a ${purchase} ${at(0, 50)}`,
        `a ${purchase} ${at(0, 40)}`,
        `b ${purchase} ${at(0, 60)}`,
        `c ${view} ${at(0, 86_399)}`,
      ].sort(),
    );
    expect([...firstPurchases].sort((x, y) => x.oldS - y.oldS)).toEqual([
      { itemId: 'a', oldS: at(0, 40), newS: at(1, 9) },
      { itemId: 'b', oldS: at(0, 60), newS: null },
    ]);
    expect((await retention.partitions()).map(({ day }) => day)).toEqual([DAY + 1, DAY + 2]);
    expect((await profiles.recent({ userId: 'u1' }, 10)).itemIds).toEqual(['a', 'a']);
    expect((await profiles.recent({ sessionId: 's' }, 10)).itemIds).toEqual(['b']);
    expect((await collect(events.stream())).flatMap((part) => part.itemIds)).toEqual(['b', 'a', 'a']);
  });

  test('a day takes its slates along, which count as impressions; once it was dropped, an event can come anew', async () => {
    const { events, impressions, retention } = stores();
    await impressions.append([
      impression('old', { occurredAtS: at(0, 86_399) }),
      impression('older', { occurredAtS: at(-1, 1) }),
      impression('new', { occurredAtS: at(1, 0) }),
    ]);
    await events.append([event('a', { occurredAtS: at(0, 1) })]);
    expect(await retention.daysBefore(DAY + 1)).toEqual([DAY - 1, DAY]);
    const older = await retention.dropDay(DAY - 1);
    expect(older).toMatchObject({ events: 0, impressions: 1, retractions: [{ itemIds: ['i1', 'i2'] }] });
    expect(await retention.dropDay(DAY)).toMatchObject({ events: 1, impressions: 1 });
    expect(await retention.daysBefore(DAY + 1)).toEqual([]);
    await retention.forgetBefore(DAY + 1);
    expect((await collect(impressions.stream())).flat().map(({ requestId }) => requestId)).toEqual(['new']);
    expect((await events.append([event('a', { occurredAtS: at(0, 1) })])).inserted).toBe(1);
  });

  test('batches of the log are dropped when they are old, and lanes that live go on', async () => {
    const { log, tail, retention } = stores();
    const lane = await log.openLane();
    const start = await tail.offsetsNow();
    await lane.append([event('a')]);
    const [batch] = await tail.read(start, 10);
    expect(await retention.pruneLog(batch!.createdAtS - 60)).toBe(0);
    expect(await tail.read(start, 10)).toHaveLength(1);
    expect(await retention.pruneLog(batch!.createdAtS + 60)).toBeGreaterThanOrEqual(1);
    expect(await tail.read(start, 10)).toEqual([]);
    await lane.append([event('b')]);
    const [next] = await tail.read(start, 10);
    expect(next).toMatchObject({ writer: batch!.writer, batch: batch!.batch + 1 });
    await lane.close();
  });
}
