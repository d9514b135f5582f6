import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LiveEntry, LiveItem } from '@shortlist/core/contracts/live.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import type { LiveNews, LiveStream } from '@shortlist/core/stores/live-stream.ts';
import { MemoryLiveStream } from '@shortlist/core/stores/memory/live-stream.ts';
import { LiveConsumer, type LiveConsumerOptions } from '../../src/live/live-consumer.ts';
import { LiveState } from '../../src/live/live-state.ts';
import { recommenderOf } from '../pipeline/tiny-serving.ts';
import { liveItem, NOW_S, TinyReleases } from './live-shop.ts';

let releases: TinyReleases;
beforeAll(async () => {
  releases = await TinyReleases.build();
});
afterAll(() => releases.close());

const running: LiveConsumer[] = [];
afterEach(async () => {
  for (const consumer of running.splice(0)) await consumer.close();
});

/** The truth in a list, as PostgreSQL would give it; `reads` counts snapshots that were begun. */
class Truth implements NonNullable<LiveConsumerOptions['truth']> {
  reads = 0;
  failing = false;
  during: () => Promise<void> = () => Promise.resolve();
  #items: LiveItem[] = [];

  set(...items: LiveItem[]): void {
    this.#items = items;
  }

  async *items() {
    this.reads += 1;
    if (this.failing) throw new Error('the database is away');
    const items = this.#items;
    await this.during();
    yield items;
  }

  async *counters() {
    await Promise.resolve();
    yield [];
  }
}

/** A stream whose server can go away. */
class Flaky implements LiveStream {
  readonly inner: MemoryLiveStream;
  failing = false;
  #cut = new AbortController();

  constructor(entriesMax = 1000) {
    this.inner = new MemoryLiveStream({ entriesMax });
  }

  away(): void {
    this.failing = true;
    this.#cut.abort();
    this.#cut = new AbortController();
  }

  publish = (entries: readonly LiveEntry[]) => this.inner.publish(entries);
  lastId = () => this.#reach(() => this.inner.lastId());
  trending = () => this.#reach(() => this.inner.trending());

  async *tail(after: string, signal: AbortSignal): AsyncGenerator<LiveNews, void> {
    await this.#reach(() => Promise.resolve());
    yield* this.inner.tail(after, AbortSignal.any([signal, this.#cut.signal]));
    if (!signal.aborted) await this.#reach(() => Promise.resolve());
  }

  #reach<T>(work: () => Promise<T>): Promise<T> {
    return this.failing ? Promise.reject(new Error('redis is away')) : work();
  }
}

async function follow(given: { stream?: Flaky; truth?: Truth; release?: LoadedRelease } = {}) {
  const { stream = new Flaky(), truth = new Truth(), release = await releases.load() } = given;
  const state = new LiveState(() => NOW_S);
  await state.attach(release);
  const failures: string[] = [];
  const clock = { ms: Date.now() };
  const consumer = new LiveConsumer({
    stream,
    truth,
    state,
    onFailure: (what) => failures.push(what),
    nowMs: () => clock.ms,
    backoff: { firstMs: 1, maxMs: 5 },
  });
  running.push(consumer);
  consumer.start();
  const available = (itemId: string) => release.catalog.available[release.catalog.rowOf(itemId)];
  return { stream, truth, release, consumer, failures, clock, available };
}
const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 5_000, interval: 2 });

describe('following the live stream', () => {
  it('starts from the snapshot and goes on with what is published', async () => {
    const truth = new Truth();
    truth.set(liveItem('item-1', 5, { available: false }), liveItem('fresh', 6));
    const { stream, consumer, available } = await follow({ truth });
    await consumer.caughtUp;
    expect([available('item-1'), available('fresh')]).toEqual([0, 1]);
    await stream.publish([liveItem('item-1', 7), liveItem('item-2', 8, { available: false })]);
    await until(() => available('item-1') === 1 && available('item-2') === 0);
    expect(consumer.status()).toMatchObject({ entries: 2, snapshots: 1, failure: null });
  });

  it('keeps what was published while the snapshot was read, which was older', async () => {
    const stream = new Flaky();
    const truth = new Truth();
    truth.set(liveItem('item-1', 5));
    truth.during = async () => {
      await stream.publish([liveItem('item-1', 6, { available: false })]);
      await new Promise((resolve) => setTimeout(resolve, 20));
    };
    const { consumer, available } = await follow({ stream, truth });
    await consumer.caughtUp;
    await until(() => available('item-1') === 0);
  });

  it('reads the snapshot again when entries went away before it got to them', async () => {
    const stream = new Flaky(2);
    const truth = new Truth();
    const { consumer, available } = await follow({ stream, truth });
    await consumer.caughtUp;
    stream.away();
    await until(() => consumer.status().failure !== null);
    const changed = ['item-1', 'item-2', 'item-3', 'item-4'].map((id, i) => liveItem(id, 10 + i, { available: false }));
    await stream.publish(changed);
    truth.set(...changed);
    stream.failing = false;
    await until(() => changed.every(({ itemId }) => available(itemId) === 0));
    expect(truth.reads).toBe(2);
    await until(() => consumer.status().failure === null);
  });

  it('serves from what it has while Redis is away, says how far behind it is, and catches up after', async () => {
    const { stream, consumer, clock, available, failures, truth } = await follow();
    await consumer.caughtUp;
    expect(consumer.lagS).toBe(0);
    stream.away();
    await until(() => failures.includes('live_stream'));
    clock.ms += 30_000;
    expect(consumer.lagS).toBe(30);
    expect(consumer.status()).toMatchObject({ lag_s: 30, failure: 'redis is away' });
    await stream.publish([liveItem('item-1', 9, { available: false })]);
    stream.failing = false;
    await until(() => available('item-1') === 0);
    await stream.publish([]);
    await until(() => consumer.lagS < 1);
    expect(truth.reads).toBe(1);
  });

  it('follows the stream while PostgreSQL is away, but counts as behind until it has read the snapshot', async () => {
    const truth = new Truth();
    truth.failing = true;
    truth.set(liveItem('item-2', 3, { available: false }));
    const { stream, consumer, clock, available } = await follow({ truth });
    await until(() => consumer.status().stream_id !== null);
    await stream.publish([liveItem('item-1', 9, { available: false })]);
    await until(() => available('item-1') === 0);
    clock.ms += 10_000;
    await stream.publish([liveItem('item-3', 10)]);
    await until(() => consumer.status().entries === 2);
    expect(consumer.lagS).toBe(10);
    truth.failing = false;
    await consumer.caughtUp;
    expect(available('item-2')).toBe(0);
    await until(() => consumer.lagS < 1);
  });

  it('lags behind by the age of the entries when there are more than it has come to', async () => {
    const { stream, consumer, clock } = await follow();
    await consumer.caughtUp;
    clock.ms = Date.now() + 7_000;
    await stream.publish([liveItem('item-3', 10)]);
    await until(() => consumer.status().entries === 1);
    // The entry is 7 s old by this clock; an empty turn would say that there is nothing more.
    expect(consumer.lagS).toBeGreaterThan(6);
    expect(consumer.lagS).toBeLessThan(8);
  });

  it('reads the snapshot again when it is asked to', async () => {
    const { consumer, truth, available } = await follow();
    consumer.refresh();
    await consumer.caughtUp;
    truth.set(liveItem('item-1', 5, { available: false }));
    consumer.refresh();
    await until(() => available('item-1') === 0);
    expect(consumer.status().failure).toBeNull();
  });

  it('hands lists and counters on', async () => {
    const { stream, consumer, release } = await follow();
    await consumer.caughtUp;
    const first = async () => (await recommenderOf(release).trending(undefined, 1)).items[0]?.item_id;
    expect(await first()).toBe('item-0');
    await stream.publish([
      { kind: 'trending', madeS: NOW_S, lists: [{ window: '7d', category: '', itemIds: ['item-9'], scores: [1] }] },
    ]);
    await vi.waitFor(async () => expect(await first()).toBe('item-9'));
  });
});
