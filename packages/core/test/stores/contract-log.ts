import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LOG_KIND, type LogOffsets } from '@shortlist/core/contracts/log.ts';
import { eventKey } from '@shortlist/core/stores/event-key.ts';
import type { LogLane } from '@shortlist/core/stores/event-log.ts';
import type { LogBatch } from '@shortlist/core/stores/log-tail.ts';
import type { TransactionalStores } from '@shortlist/core/stores/stores.ts';
import { collect, event, HOSTILE, item } from './rows.ts';

const DAY_S = 86_400;
/** A midnight in UTC. */
const MIDNIGHT_S = 19_700 * DAY_S;

const shortKey = (eventId: string) => eventKey(eventId).toString('hex', 0, 8);

async function withLanes<T>(stores: TransactionalStores, count: number, work: (lanes: LogLane[]) => Promise<T>) {
  const lanes = await Promise.all(Array.from({ length: count }, () => stores.log.openLane()));
  try {
    return await work(lanes);
  } finally {
    await Promise.all(lanes.map((lane) => lane.close()));
  }
}

/** A consumer that reads on from where it stands, and fails when a writer's batches do not come in order. */
class Follower {
  readonly batches: LogBatch[] = [];
  offsets: LogOffsets = {};
  readonly #stores: TransactionalStores;

  constructor(stores: TransactionalStores) {
    this.#stores = stores;
  }

  async poll(eventsMax = 10_000): Promise<number> {
    const read = await this.#stores.tail.read(this.offsets, eventsMax);
    for (const batch of read) {
      expect(batch.batch).toBeGreaterThan(this.offsets[batch.writer] ?? 0);
      this.offsets = { ...this.offsets, [batch.writer]: batch.batch };
      this.batches.push(batch);
    }
    return read.length;
  }

  async drain(): Promise<void> {
    while ((await this.poll(7)) > 0);
  }

  get keys(): string[] {
    return this.batches.flatMap((batch) => (batch.kind === LOG_KIND.events ? batch.payload.keys : []));
  }
}

export function testLog(stores: () => TransactionalStores): void {
  test('a lane says of each event whether it is new, and tells consumers the new ones only', async () => {
    const all = stores();
    const follower = new Follower(all);
    await follower.drain();
    follower.batches.length = 0;
    await withLanes(all, 1, async ([lane]) => {
      expect([...(await lane!.append([event('b'), event('a'), event('b')]))]).toEqual([1, 1, 0]);
      const mixed = [event('a'), event('c', { userId: null, sessionId: 's', itemId: '', query: 'lamp' }), event('b')];
      expect([...(await lane!.append(mixed))]).toEqual([0, 1, 0]);
      expect([...(await lane!.append([event('a')]))]).toEqual([0]);
      expect(await lane!.append([])).toHaveLength(0);
    });
    await follower.drain();
    expect(follower.batches.map(({ count }) => count)).toEqual([2, 1]);
    expect(follower.keys).toEqual(['b', 'a', 'c'].map(shortKey));
    expect(follower.batches[1]).toMatchObject({
      kind: LOG_KIND.events,
      payload: { userIds: [null], sessionIds: ['s'], itemIds: [''], types: [1], timesS: [1_700_000_000] },
    });
    expect((await all.events.summary()).events).toBe(3);
  });

  test('what a lane stores comes back as it went in, hostile text included', async () => {
    const all = stores();
    const events = HOSTILE.map((text, i) =>
      event(`${text}${i}`, {
        itemId: text,
        userId: text,
        value: 0.1,
        position: i + 1,
        occurredAtS: 1_700_000_000.25 + i,
      }),
    );
    await withLanes(all, 1, ([lane]) => lane!.append(events));
    const [batch] = await collect(all.events.stream());
    expect(batch).toMatchObject({ itemIds: HOSTILE, userIds: HOSTILE, values: new Float32Array(8).fill(0.1) });
    expect([...batch!.positions]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(batch!.timesS[7]).toBe(1_700_000_007.25);
  });

  test('an id is known across midnight: the second event is the same event, whatever day it names', async () => {
    const all = stores();
    const before = event('a', { occurredAtS: MIDNIGHT_S - 0.000_001, itemId: 'before' });
    const after = event('a', { occurredAtS: MIDNIGHT_S, itemId: 'after' });
    await withLanes(all, 2, async ([one, other]) => {
      expect([...(await one!.append([before, after]))]).toEqual([1, 0]);
      expect([...(await other!.append([after]))]).toEqual([0]);
    });
    expect(await all.events.append([after])).toEqual({ inserted: 0, duplicates: 1, conflicts: 1 });
    // Rounds up to the next day.
    await all.events.append([event('b', { occurredAtS: MIDNIGHT_S - 0.000_000_1, itemId: 'rounded' })]);
    const [batch] = await collect(all.events.stream({ fromS: MIDNIGHT_S }));
    expect(batch!.itemIds).toEqual(['rounded']);
  });

  test('late events and equal times: the stream is in (time, arrival) order over many days', async () => {
    const all = stores();
    const days = [3, 1, 2, 1, 400, 0, 2];
    await withLanes(all, 1, async ([lane]) => {
      for (const [i, day] of days.entries())
        await lane!.append([event(`${i}`, { itemId: `${i}`, occurredAtS: MIDNIGHT_S + day * DAY_S })]);
    });
    const batches = await collect(all.events.stream());
    expect(batches.flatMap(({ itemIds }) => itemIds)).toEqual(['5', '1', '3', '2', '6', '0', '4']);
    expect((await all.profiles.recent({ userId: 'u1' }, 3)).itemIds).toEqual(['6', '0', '4']);
    const range = { fromS: MIDNIGHT_S + DAY_S, beforeS: MIDNIGHT_S + 3 * DAY_S };
    expect((await collect(all.events.stream(range))).flatMap(({ itemIds }) => itemIds)).toEqual(['1', '3', '2', '6']);
  });

  test('1,000 writers at once that share ids: each id is stored once, and one of its senders is told so', async () => {
    const all = stores();
    const WRITERS = 1_000;
    const results = await withLanes(all, 4, (lanes) =>
      Promise.all(
        Array.from({ length: WRITERS }, async (_, writer) => {
          // In opposite orders, over the same midnight.
          const ids = Array.from({ length: 8 }, (_, i) => `e${(writer * 3 + i) % 1_500}`);
          if (writer % 2 === 1) ids.reverse();
          const batch = ids.map((id, i) => event(id, { userId: `u${writer % 50}`, occurredAtS: MIDNIGHT_S + 4 - i }));
          return { ids, isFresh: await lanes[writer % lanes.length]!.append(batch) };
        }),
      ),
    );
    const sent = new Set(results.flatMap(({ ids }) => ids));
    const fresh = results.flatMap(({ ids, isFresh }) => ids.filter((_, i) => isFresh[i] === 1));
    expect(fresh).toHaveLength(sent.size);
    expect(new Set(fresh)).toEqual(sent);
    expect((await all.events.summary()).events).toBe(sent.size);
    const follower = new Follower(all);
    await follower.drain();
    expect(follower.keys.sort()).toEqual([...sent].map(shortKey).sort());
  });

  test('a consumer that polls while lanes commit side by side misses nothing and meets nothing twice', async () => {
    const all = stores();
    let round = 0;
    const property = fc.asyncProperty(
      fc.array(fc.record({ lane: fc.nat(3), size: fc.integer({ min: 1, max: 12 }) }), { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 30 }),
      async (appends, eventsMax) => {
        round += 1;
        await all.clear();
        const follower = new Follower(all);
        follower.offsets = await all.tail.offsetsNow();
        const ids: string[] = [];
        await withLanes(all, 4, async (lanes) => {
          let done = false;
          const working = Promise.all(
            appends.map(({ lane, size }, n) => {
              const own = Array.from({ length: size }, (_, i) => `${round}-${n}-${i}`);
              ids.push(...own);
              return lanes[lane]!.append(own.map((id) => event(id)));
            }),
          ).finally(() => (done = true));
          while (!done) {
            await follower.poll(eventsMax);
            await new Promise(setImmediate);
          }
          await working;
        });
        await follower.drain();
        expect(follower.keys.sort()).toEqual(ids.map(shortKey).sort());
      },
    );
    await fc.assert(property, { numRuns: 12, seed: 4 });
  });

  test('changes and what is told of them are there together or not at all', async () => {
    const all = stores();
    const follower = new Follower(all);
    follower.offsets = await all.tail.offsetsNow();
    await withLanes(all, 1, async ([lane]) => {
      const failure = lane!.write(async (inside, tell) => {
        await inside.items.put([item('a')]);
        tell({ kind: LOG_KIND.items, payload: { itemIds: ['a'] } });
        throw new Error('stop');
      });
      await expect(failure).rejects.toThrow('stop');
      await follower.drain();
      expect(follower.batches).toEqual([]);
      expect(await all.items.count()).toBe(0);
      const outcomes = await lane!.write(async (inside, tell) => {
        const result = await inside.items.put([item('a')]);
        tell({ kind: LOG_KIND.items, payload: { itemIds: ['a'] } });
        tell({ kind: LOG_KIND.reset, payload: { reason: 'test' } });
        return result;
      });
      expect(outcomes).toEqual(['inserted']);
      await lane!.append([event('a')]);
    });
    await follower.drain();
    expect(follower.batches.map(({ kind }) => kind)).toEqual([LOG_KIND.items, LOG_KIND.reset, LOG_KIND.events]);
    expect(await all.items.count()).toBe(1);
  });

  test('a snapshot says up to which batch its events go', async () => {
    const all = stores();
    await withLanes(all, 2, async ([one, other]) => {
      await one!.append([event('a')]);
      const seen = await all.snapshot(async (frozen) => {
        const first = await frozen.events.summary();
        await other!.append([event('b')]);
        await one!.append([event('c')]);
        const streamed = (await collect(frozen.events.stream())).reduce((sum, { count }) => sum + count, 0);
        return { first: first.events, streamed, offsets: await frozen.tail.offsetsNow() };
      });
      expect(seen).toMatchObject({ first: 1, streamed: 1 });
      const follower = new Follower(all);
      follower.offsets = seen.offsets;
      await follower.drain();
      expect(follower.keys.sort()).toEqual(['b', 'c'].map(shortKey).sort());
    });
  });

  test('partitions are made ahead, once', async () => {
    const all = stores();
    expect(await all.log.ensurePartitions([20_100, 20_101])).toBe(2);
    expect(await all.log.ensurePartitions([20_101, 20_102])).toBe(1);
    expect(await all.log.ensurePartitions([])).toBe(0);
  });
}
