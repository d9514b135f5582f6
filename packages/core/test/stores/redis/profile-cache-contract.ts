import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FillTicket, ProfileCacheStore, ProfileEvent } from '@shortlist/core/stores/profile-cache.ts';
import type { KeyedProfileEvents, UnitKey } from '@shortlist/core/stores/profile-store.ts';
import type { ProfileEvents } from '@shortlist/core/contracts/profile.ts';

export interface ProfileCacheUnderTest {
  readonly store: ProfileCacheStore;
  /** Loses everything, as an operator or a restart does; null where nothing but the process could. */
  readonly flush: (() => Promise<void>) | null;
}

const ANN: UnitKey = 'u:ann';
const hex = (number: number) => number.toString(16).padStart(16, '0');
const event = (number: number, changes: Partial<ProfileEvent> = {}): ProfileEvent => ({
  key: hex(number),
  itemId: `item-${number}`,
  type: 1,
  timeS: 1_700_000_000 + number,
  ...changes,
});
const keyed = (events: readonly ProfileEvent[]): KeyedProfileEvents => ({
  keys: events.map(({ key }) => key),
  itemIds: events.map(({ itemId }) => itemId),
  types: Uint8Array.from(events, ({ type }) => type),
  timesS: Float64Array.from(events, ({ timeS }) => timeS),
});
const inOrder = (events: readonly ProfileEvent[]) =>
  [...events].sort((a, b) => a.timeS - b.timeS || a.type - b.type || (a.key < b.key ? -1 : 1));
const plain = ({ itemIds, types, timesS }: ProfileEvents) =>
  itemIds.map((itemId, i) => ({ itemId, type: types[i], timeS: timesS[i] }));
const shown = (events: readonly ProfileEvent[]) => events.map(({ itemId, type, timeS }) => ({ itemId, type, timeS }));

async function ticketOf(store: ProfileCacheStore, unit: UnitKey, max = 100): Promise<FillTicket> {
  const { ticket } = await store.read(unit, max);
  if (ticket === null) throw new Error('expected no copy');
  return ticket;
}

async function expectHit(store: ProfileCacheStore, unit: UnitKey, events: readonly ProfileEvent[], max = 100) {
  const read = await store.read(unit, max);
  expect(read.events && plain(read.events)).toEqual(shown(events));
}

/** What every implementation of the profile cache must do. `open` gives an empty one. */
export function testProfileCache(open: () => Promise<ProfileCacheUnderTest>, runs: number): void {
  it('keeps what was filled, oldest first, and gives the newest of it', async () => {
    const { store } = await open();
    const events = [event(1, { itemId: 'Ünïcödé 🛒 "\0"' }), event(2, { itemId: '' }), event(3, { type: 255 })];
    expect(await store.fill(ANN, await ticketOf(store, ANN), 100, keyed(events))).toBe(true);
    await expectHit(store, ANN, events);
    await expectHit(store, ANN, events.slice(1), 2);
  });

  it('keeps that a unit has no events', async () => {
    const { store } = await open();
    await store.fill('s:new', await ticketOf(store, 's:new'), 100, keyed([]));
    await expectHit(store, 's:new', []);
    await store.apply(new Map([['s:new', [event(1)]]]));
    await expectHit(store, 's:new', [event(1)]);
  });

  it('gives times back to the bit', async () => {
    const { store } = await open();
    const times = [0, 0.1, 1_700_000_000.123456, 1_763_712_345.999999, 4_102_444_800.5];
    const events = times.map((timeS, i) => event(i + 1, { timeS }));
    await store.fill(ANN, await ticketOf(store, ANN), 100, keyed(events));
    await expectHit(store, ANN, events);
  });

  it('puts late events where they belong, orders equal times the same way whatever came first, and counts none twice', async () => {
    const { store } = await open();
    await store.fill(ANN, await ticketOf(store, ANN), 100, keyed([event(5)]));
    const same = [
      event(8, { timeS: 1_700_000_009 }),
      event(7, { timeS: 1_700_000_009 }),
      event(6, { timeS: 1_700_000_009, type: 7 }),
    ];
    await store.apply(new Map([[ANN, same]]));
    await store.apply(new Map([[ANN, [event(1)]]]));
    await store.apply(new Map([[ANN, [same[1]!, same[0]!]]]));
    await expectHit(store, ANN, inOrder([event(1), event(5), ...same]));
  });

  it('keeps the newest of more than it keeps, and says no to who wants more', async () => {
    const { store } = await open();
    const events = Array.from({ length: 6 }, (_, i) => event(i + 1));
    await store.fill(ANN, await ticketOf(store, ANN, 4), 4, keyed(events.slice(0, 3)));
    await expectHit(store, ANN, events.slice(0, 3), 100);
    await store.apply(new Map([[ANN, events.slice(3)]]));
    await expectHit(store, ANN, events.slice(2), 4);
    expect((await store.read(ANN, 5)).events).toBeNull();
    expect(await store.fill(ANN, await ticketOf(store, ANN, 5), 5, keyed(events.slice(1)))).toBe(true);
    await expectHit(store, ANN, events.slice(1), 5);
    await expectHit(store, ANN, events.slice(3), 3);
  });

  it('keeps more events than one call can carry', async () => {
    const { store } = await open();
    const events = Array.from({ length: 5_000 }, (_, i) => event(i + 1));
    await store.fill(ANN, await ticketOf(store, ANN, 5_000), 5_000, keyed(events.slice(0, 2_000)));
    await store.apply(new Map([[ANN, events.slice(2_000)]]));
    await expectHit(store, ANN, events, 5_000);
  });

  it('refuses a fill when an event, a forget or a loss came in between', async () => {
    const { store, flush } = await open();
    const ticket = await ticketOf(store, ANN);
    await store.apply(new Map([[ANN, [event(2)]]]));
    expect(await store.fill(ANN, ticket, 100, keyed([event(1)]))).toBe(false);
    const second = await ticketOf(store, ANN);
    await store.forget([ANN]);
    expect(await store.fill(ANN, second, 100, keyed([event(1)]))).toBe(false);
    const third = await ticketOf(store, ANN);
    await store.forgetAll();
    expect(await store.fill(ANN, third, 100, keyed([event(1)]))).toBe(false);
    const fourth = await ticketOf(store, ANN);
    if (flush !== null) {
      await flush();
      expect(await store.fill(ANN, fourth, 100, keyed([event(1)]))).toBe(false);
    }
    expect(await store.fill(ANN, await ticketOf(store, ANN), 100, keyed([event(1)]))).toBe(true);
  });

  it('forgets one, some and all', async () => {
    const { store } = await open();
    const units: UnitKey[] = ['u:a', 'u:b', 's:a'];
    const fillAll = async () => {
      for (const unit of units) await store.fill(unit, await ticketOf(store, unit), 100, keyed([event(1)]));
    };
    await fillAll();
    await store.forget(['u:a', 'u:nobody']);
    expect((await store.read('u:a', 100)).events).toBeNull();
    await expectHit(store, 's:a', [event(1)]);
    await store.forgetAll();
    for (const unit of units) expect((await store.read(unit, 100)).events).toBeNull();
    await fillAll();
    await expectHit(store, 'u:b', [event(1)]);
  });

  it('loses nothing to 1,000 concurrent writers, with readers that fill at the same time', async () => {
    const { store } = await open();
    const units = Array.from({ length: 20 }, (_, i): UnitKey => `u:${i}`);
    const log = new Map(units.map((unit) => [unit, [] as ProfileEvent[]]));
    const write = async (number: number) => {
      const unit = units[number % units.length]!;
      // Every fifth time is equal, every seventh event is late.
      const timeS = 1_700_000_000 + Math.floor(number / 5) - (number % 7 === 0 ? 500 : 0);
      const written = event(number, { timeS });
      log.get(unit)!.push(written);
      await store.apply(new Map([[unit, [written]]]));
    };
    const readAndFill = async (number: number) => {
      const unit = units[number % units.length]!;
      const { ticket } = await store.read(unit, 100);
      if (ticket !== null) await store.fill(unit, ticket, 100, keyed(inOrder(log.get(unit)!).slice(-100)));
    };
    await Promise.all(
      Array.from({ length: 1_000 }, (_, i) => (i % 3 === 0 ? Promise.all([readAndFill(i), write(i)]) : write(i))),
    );
    for (const unit of units) {
      const { ticket } = await store.read(unit, 100);
      if (ticket !== null) await store.fill(unit, ticket, 100, keyed(inOrder(log.get(unit)!).slice(-100)));
      await expectHit(store, unit, inOrder(log.get(unit)!));
    }
  });

  it('never shows a profile that lacks an event applied before the read began, in any order of things', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stepArbitrary, { minLength: 10, maxLength: 60, size: 'max' }), async (steps) => {
        const { store, flush } = await open();
        const world = new World(store, flush);
        for (const step of steps) await world.take(step);
      }),
      { numRuns: runs },
    );
  });
}

type Step =
  | { readonly kind: 'commit'; readonly timeS: number; readonly type: number }
  | { readonly kind: 'apply' | 'again' | 'erase'; readonly which: number }
  | { readonly kind: 'reader'; readonly reader: number; readonly max: number }
  | { readonly kind: 'forget' | 'forgetAll' | 'flush' };

const which = fc.nat({ max: 100 });
const step = <Kind extends string, More extends object>(
  kind: Kind,
  more: { [K in keyof More]: fc.Arbitrary<More[K]> },
) => fc.record({ kind: fc.constant(kind), ...more });
const stepArbitrary = fc.oneof(
  { weight: 5, arbitrary: step('commit', { timeS: fc.nat({ max: 5 }), type: fc.constantFrom(1, 7) }) },
  { weight: 5, arbitrary: step('apply', { which }) },
  { weight: 2, arbitrary: step('again', { which }) },
  { weight: 14, arbitrary: step('reader', { reader: fc.nat({ max: 2 }), max: fc.constantFrom(3, 4) }) },
  { weight: 1, arbitrary: step('erase', { which }) },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ kind: 'forget' }, { kind: 'forgetAll' }, { kind: 'flush' }) },
) as fc.Arbitrary<Step>;

interface Reader {
  ticket: FillTicket | null;
  max: number;
  events: readonly ProfileEvent[] | null;
}

/** One unit, its event log, and readers in the middle of what they do; every step is one that the world can take. */
class World {
  readonly #store: ProfileCacheStore;
  readonly #flush: (() => Promise<void>) | null;
  #log: ProfileEvent[] = [];
  #pending: ProfileEvent[] = [];
  #applied: ProfileEvent[] = [];
  #count = 0;
  readonly #readers: Reader[] = Array.from({ length: 3 }, () => ({ ticket: null, max: 0, events: null }));

  constructor(store: ProfileCacheStore, flush: (() => Promise<void>) | null) {
    this.#store = store;
    this.#flush = flush;
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'commit': {
        this.#count += 1;
        const committed = event(this.#count, { timeS: step.timeS, type: step.type });
        this.#log.push(committed);
        this.#pending.push(committed);
        return;
      }
      case 'apply':
      case 'again': {
        const list = step.kind === 'apply' ? this.#pending : this.#applied;
        const chosen = list[step.which % Math.max(1, list.length)];
        if (chosen === undefined) return;
        await this.#store.apply(new Map([[ANN, [chosen]]]));
        if (step.kind === 'again') return;
        this.#pending = this.#pending.filter((other) => other !== chosen);
        this.#applied.push(chosen);
        return;
      }
      case 'erase': {
        // One that was applied: the log's consumers work in order, so its own application never comes after.
        const gone = this.#applied[step.which % Math.max(1, this.#applied.length)];
        if (gone === undefined) return;
        this.#log = this.#log.filter((other) => other !== gone);
        this.#applied = this.#applied.filter((other) => other !== gone);
        return this.#store.forget([ANN]);
      }
      case 'reader':
        return this.#go(this.#readers[step.reader]!, step.max);
      case 'forget':
        return this.#store.forget([ANN]);
      case 'forgetAll':
        return this.#store.forgetAll();
      case 'flush':
        return this.#flush?.();
    }
  }

  /** A reader's next step: look into the cache; if it has nothing, read the log; fill the cache. */
  async #go(at: Reader, max: number): Promise<void> {
    if (at.ticket === null) return this.#read(at, max);
    if (at.events === null) {
      at.events = inOrder(this.#log).slice(-at.max);
      return;
    }
    await this.#store.fill(ANN, at.ticket, at.max, keyed(at.events));
    at.ticket = at.events = null;
  }

  async #read(at: Reader, max: number): Promise<void> {
    const { events, ticket } = await this.#store.read(ANN, max);
    Object.assign(at, { ticket, max, events: null });
    if (events === null) return;
    const seen = new Set(events.itemIds);
    const known = new Set(this.#log.map(({ itemId }) => itemId));
    for (const id of seen) expect(known).toContain(id);
    // What was applied is there unless newer ones, as many as were asked for, are there instead.
    const expected = inOrder(
      this.#log.filter(({ itemId }) => seen.has(itemId) || this.#applied.some((one) => one.itemId === itemId)),
    );
    expect(plain(events)).toEqual(shown(expected.slice(-max)));
  }
}
