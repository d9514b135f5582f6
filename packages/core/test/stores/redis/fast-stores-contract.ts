import { describe, expect, it } from 'vitest';
import type { LiveCounters, LiveEntry, LiveTrending } from '@shortlist/core/contracts/live.ts';
import type { FastStores } from '@shortlist/core/stores/fast-stores.ts';
import type { LiveNews, LiveStream } from '@shortlist/core/stores/live-stream.ts';
import { openSnapshot } from '@shortlist/core/assignment/seal-snapshot.ts';
import type { UnitKey } from '@shortlist/core/stores/profile-store.ts';
import { layerOf, snapshotOf } from '../../assignment/snapshots.ts';

export interface FastStoresUnderTest {
  readonly stores: FastStores;
  /** A stream of its own that keeps about 100 entries. */
  readonly shortStream: LiveStream;
}

const counters = (itemId: string): LiveCounters => ({
  kind: 'counters',
  items: [{ itemId, version: 1, sums: [1, 2.5], firstPurchaseS: 0, lastPurchaseS: 0 }],
});
const trending = (madeS: number): LiveTrending => ({
  kind: 'trending',
  madeS,
  lists: [{ window: '1d', category: '', itemIds: ['Ünïcödé 🛒'], scores: [0.1] }],
});

/** Reads until `count` entries came or some were missed. */
async function collect(stream: LiveStream, after: string, count: number): Promise<LiveEntry[] | 'missed'> {
  const stop = new AbortController();
  const entries: LiveEntry[] = [];
  for await (const news of stream.tail(after, stop.signal)) {
    if (news.missed) return 'missed';
    entries.push(...news.entries.map(({ entry }) => entry));
    if (entries.length >= count) break;
  }
  return entries;
}

/** What every implementation of the live stream, the notices, the answers and the slates must do. */
export function testFastStores(open: () => Promise<FastStoresUnderTest>): void {
  describe('the live stream', () => {
    it('gives what is published after an entry, in order, whether it was there already or comes later', async () => {
      const { live } = (await open()).stores;
      expect(await live.lastId()).toBe('0-0');
      await live.publish([counters('before')]);
      const from = await live.lastId();
      const entries = Array.from({ length: 1_500 }, (_, i) => counters(`item-${i}`));
      await live.publish(entries.slice(0, 1_200));
      const collecting = collect(live, from, entries.length);
      await live.publish(entries.slice(1_200));
      expect(await collecting).toEqual(entries);
      expect(await collect(live, '0-0', 1_501)).toEqual([counters('before'), ...entries]);
    });

    it('takes a turn without entries, so that who listens knows that it is heard', async () => {
      const { live } = (await open()).stores;
      await live.publish([counters('a')]);
      const tail = live.tail(await live.lastId(), new AbortController().signal);
      expect((await tail.next()).value).toEqual({ missed: false, entries: [] } satisfies LiveNews);
      await tail.return();
    });

    it('ends when it is aborted, also while it waits', async () => {
      const { live } = (await open()).stores;
      const stop = new AbortController();
      const tail = live.tail('0-0', stop.signal);
      const first = tail.next();
      stop.abort();
      await first;
      expect((await tail.next()).done).toBe(true);
    });

    it('says that entries were missed when they were trimmed away, and not when they were not', async () => {
      const { shortStream } = await open();
      await shortStream.publish([counters('first')]);
      const from = await shortStream.lastId();
      await shortStream.publish(Array.from({ length: 1_000 }, (_, i) => counters(String(i))));
      expect(await collect(shortStream, from, 1)).toBe('missed');
      expect(await collect(shortStream, '0-0', 1)).toBe('missed');
      const later = await shortStream.lastId();
      await shortStream.publish([counters('next')]);
      expect(await collect(shortStream, later, 1)).toEqual([counters('next')]);
    });

    it('says that entries were missed by a reader that was too slow', async () => {
      const { shortStream } = await open();
      await shortStream.publish([counters('first')]);
      const tail = shortStream.tail('0-0', new AbortController().signal);
      expect((await tail.next()).value).toMatchObject({ missed: false });
      await shortStream.publish(Array.from({ length: 1_000 }, (_, i) => counters(String(i))));
      expect((await tail.next()).value).toEqual({ missed: true });
      expect((await tail.next()).done).toBe(true);
    });

    it('does not call a reader slow that has read what was trimmed', async () => {
      const { shortStream } = await open();
      await shortStream.publish([counters('first')]);
      const tail = shortStream.tail('0-0', new AbortController().signal);
      let seen = 0;
      for (let round = 0; round < 30; round++) {
        const { value } = await tail.next();
        if (value === undefined || value.missed) throw new Error(`missed in round ${round}`);
        seen += value.entries.length;
        await shortStream.publish(Array.from({ length: 40 }, (_, i) => counters(`${round}-${i}`)));
      }
      expect(seen).toBe(1 + 29 * 40);
      await tail.return();
    });

    it('keeps the newest trending lists for who starts', async () => {
      const { live } = (await open()).stores;
      expect(await live.trending()).toBeNull();
      await live.publish([trending(1), trending(2), counters('a')]);
      expect(await live.trending()).toEqual(trending(2));
    });
  });

  describe('notices', () => {
    it('reach every listener, after a word that all may have changed', async () => {
      const { invalidations } = (await open()).stores;
      const heard: (readonly UnitKey[] | 'all')[][] = [[], []];
      const subscriptions = heard.map((list) =>
        invalidations.subscribe({
          onUnits: (units) => list.push(units),
          onAll: () => list.push('all'),
          onLost: () => undefined,
        }),
      );
      await expect.poll(() => subscriptions.every(({ live }) => live)).toBe(true);
      await invalidations.publish(['u:ann', 's:Ünïcödé "\n']);
      await invalidations.publishAll();
      const expected = ['all', ['u:ann', 's:Ünïcödé "\n'], 'all'];
      await expect.poll(() => heard).toEqual([expected, expected]);
      for (const subscription of subscriptions) subscription.close();
    });
  });

  describe('cached answers', () => {
    const write = (value: string, version: string, ttlS = 60) => ({ value, version, ttlS });

    it('come back by name and key', async () => {
      const { answers } = (await open()).stores;
      const { value, version } = await answers.read('trending', 'k=10');
      expect(value).toBeNull();
      await answers.write('trending', 'k=10', write('{"a":"Ünïcödé 🛒"}', version));
      expect((await answers.read('trending', 'k=10')).value).toBe('{"a":"Ünïcödé 🛒"}');
      expect((await answers.read('trending', 'k=20')).value).toBeNull();
      expect((await answers.read('similar', 'k=10')).value).toBeNull();
    });

    it('are gone once outdated, those of the other names stay, and one that was being computed is never served', async () => {
      const { answers } = (await open()).stores;
      for (const name of ['trending', 'similar']) {
        await answers.write(name, 'k', write('"old"', (await answers.read(name, 'k')).version));
      }
      const { version } = await answers.read('trending', 'other');
      await answers.outdate('trending');
      await answers.write('trending', 'other', write('"late"', version));
      expect((await answers.read('trending', 'k')).value).toBeNull();
      expect((await answers.read('trending', 'other')).value).toBeNull();
      expect((await answers.read('similar', 'k')).value).toBe('"old"');
    });

    it('live as long as they were given', async () => {
      const { answers } = (await open()).stores;
      const { version } = await answers.read('a', 'k');
      await answers.write('a', 'k', write('1', version, 0.05));
      await expect.poll(async () => (await answers.read('a', 'k')).value).toBeNull();
    });
  });

  describe('precomputed slates', () => {
    it('come back by user, expire and can be removed', async () => {
      const { slates } = (await open()).stores;
      await slates.write(new Map(Array.from({ length: 1_200 }, (_, i) => [`user-${i}`, `[${i}]`])), 60);
      expect(await slates.read('user-1199')).toBe('[1199]');
      await slates.remove(['user-1', 'nobody']);
      await slates.remove([]);
      expect(await slates.read('user-1')).toBeNull();
      expect(await slates.read('user-2')).toBe('[2]');
    });
  });

  describe('the assignment snapshot', () => {
    it('is the newest that was published, whole, whoever publishes last', async () => {
      const { assignments } = (await open()).stores;
      expect(await assignments.read()).toBeNull();
      const [first, second] = [1, 2].map((version) => snapshotOf([layerOf('Ünïcödé', [])], { version }));
      expect(await assignments.publish(first!)).toBe(true);
      expect(openSnapshot((await assignments.read())!)).toEqual(first);
      expect(await assignments.publish(second!)).toBe(true);
      expect(await assignments.publish(first!)).toBe(false);
      expect(await assignments.publish(second!)).toBe(true);
      expect(openSnapshot((await assignments.read())!)).toEqual(second);
    });

    it('of another lineage takes the place of a newer version, and is kept against older ones of its own', async () => {
      const { assignments } = (await open()).stores;
      const of = (lineage: string, version: number) => snapshotOf([], { lineage, version });
      for (const snapshot of [snapshotOf([], { version: 9 }), of('first', 7), of('second', 1), of('second', 2)])
        expect(await assignments.publish(snapshot)).toBe(true);
      expect(await assignments.publish(of('second', 1))).toBe(false);
      expect(openSnapshot((await assignments.read())!)).toMatchObject({ lineage: 'second', version: 2 });
    });

    it('is told of to who listens, from the start and until they close', async () => {
      const { assignments } = (await open()).stores;
      let heard = 0;
      const subscription = assignments.subscribe(() => (heard += 1));
      await expect.poll(() => heard).toBe(1);
      expect(subscription.live).toBe(true);
      await assignments.publish(snapshotOf([], { version: 1 }));
      await expect.poll(() => heard).toBe(2);
      await assignments.publish(snapshotOf([], { version: 0 }));
      await assignments.publish(snapshotOf([], { version: 2 }));
      await expect.poll(() => heard).toBe(3);
      subscription.close();
      await assignments.publish(snapshotOf([], { version: 3 }));
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(heard).toBe(3);
    });
  });
}
