import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVENT_CODE } from '../../src/contracts/events.ts';
import { DecayClock } from '../../src/features/decayed-ring.ts';
import {
  COUNTER_CHANNELS,
  COUNTER_SUMS,
  counterChannel,
  decay,
  FIRST_PURCHASE,
  ItemCounters,
} from '../../src/features/item-counters.ts';

const HOUR_S = 3600;
const DAY_S = 86_400;
const START_S = 1_700_000_000;
const ITEMS = 3;
const TYPES = [EVENT_CODE.view, EVENT_CODE.purchase, EVENT_CODE.impression, EVENT_CODE.add_to_cart, FIRST_PURCHASE];

interface Event {
  readonly row: number;
  readonly type: number;
  readonly timeS: number;
}

/** Some near each other, some epochs apart: 60 days are 180 epochs of the shortest half-life. */
const event: fc.Arbitrary<Event> = fc.record({
  row: fc.integer({ min: 0, max: ITEMS - 1 }),
  type: fc.constantFrom(...TYPES),
  timeS: fc.oneof(
    fc.double({ min: START_S, max: START_S + 2 * DAY_S, noNaN: true }),
    fc.double({ min: START_S, max: START_S + 60 * DAY_S, noNaN: true }),
    fc.double({ min: START_S - 2000 * DAY_S, max: START_S + 60 * DAY_S, noNaN: true }),
  ),
});
const events = fc.array(event, { maxLength: 40 });
const endS = START_S + 61 * DAY_S;

function counted(list: readonly Event[], times = 1, into = new ItemCounters(ITEMS)): ItemCounters {
  for (const { row, type, timeS } of list) into.apply(row, type, timeS, times);
  return into;
}

const bits = (counters: ItemCounters) => Array.from({ length: ITEMS }, (_, row) => Array.from(counters.read(row)));

describe('decayed item counters', () => {
  it('halve in one half-life, and never for all-time counts', () => {
    const counters = counted([{ row: 0, type: EVENT_CODE.purchase, timeS: START_S }]);
    expect(counters.valueAt(0, counterChannel('purchases_7d'), START_S + 7 * DAY_S)).toBeCloseTo(0.5, 5);
    expect(counters.valueAt(0, counterChannel('purchases_1d'), START_S + 3 * DAY_S)).toBeCloseTo(0.125, 5);
    expect(counters.valueAt(0, counterChannel('purchases_all'), START_S + 900 * DAY_S)).toBe(1);
    expect(counters.valueAt(0, counterChannel('views_7d'), START_S)).toBe(0);
    expect(counters.valueAt(1, counterChannel('purchases_7d'), START_S)).toBe(0);
  });

  it('equal the sum over events of 2^(-age / half-life) to 1e-5 of it, and what left the ring weighs less than 2^-16', () => {
    fc.assert(
      fc.property(events, (list) => {
        const counters = counted(list);
        COUNTER_CHANNELS.forEach(({ type, halfLifeS }, column) => {
          const newestS = Math.max(...list.filter(({ row }) => row === 0).map(({ timeS }) => timeS));
          const weights = list
            .filter((one) => one.row === 0 && one.type === type)
            .map(({ timeS }) => ({ weight: decay(endS - timeS, halfLifeS), ageS: newestS - timeS }));
          const total = (kept: readonly { weight: number }[]) => kept.reduce((sum, { weight }) => sum + weight, 0);
          const value = counters.valueAt(0, column, endS);
          // Surely in the ring: younger than 16 half-lives against the item's newest event.
          const sure = total(weights.filter(({ ageS }) => ageS < 16 * halfLifeS));
          // Beyond a thousand half-lives doubles have no five digits left.
          expect(value).toBeGreaterThanOrEqual(sure * (1 - 1e-5) - 1e-300);
          expect(value).toBeLessThanOrEqual(total(weights) * (1 + 1e-5));
        });
      }),
    );
  });

  it('do not depend on the order of arrival, to the bit', () => {
    fc.assert(
      fc.property(
        events.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length })),
        ),
        ([list, shuffled]) => {
          expect(bits(counted(shuffled))).toEqual(bits(counted(list)));
        },
      ),
    );
  });

  it('merge, however they were split, to what one counter over all events holds, to the bit', () => {
    fc.assert(
      fc.property(events, events, events, (a, b, c) => {
        const left = counted(a);
        left.merge(counted(b));
        left.merge(counted(c));
        const right = counted(c);
        const rest = counted(b);
        rest.merge(counted(a));
        right.merge(rest);
        const whole = bits(counted([...a, ...b, ...c]));
        expect(bits(left)).toEqual(whole);
        expect(bits(right)).toEqual(whole);
      }),
    );
  });

  it('forget an event that is taken back, also amid others and before it was counted', () => {
    fc.assert(
      fc.property(events, events, events, (kept, undone, later) => {
        const expected = counted([...kept, ...later]);
        for (const { row, type, timeS } of undone) if (type !== 0) expected.advance(row, timeS);
        const between = counted(undone, -1, counted(later, 1, counted(undone, 1, counted(kept))));
        const early = counted(undone, 1, counted(later, 1, counted(undone, -1, counted(kept))));
        expect(bits(between)).toEqual(bits(expected));
        expect(bits(early)).toEqual(bits(expected));
      }),
    );
  });

  it('keep what an event of the oldest epoch adds, and drop it when the ring moves on', () => {
    const epochS = 8 * HOUR_S;
    const firstS = Math.floor(START_S / epochS) * epochS;
    const views = counterChannel('views_1h');
    const counters = counted([{ row: 0, type: EVENT_CODE.view, timeS: firstS }]);
    counters.apply(0, EVENT_CODE.view, firstS + 3 * epochS - 1);
    expect(counters.valueAt(0, views, firstS + 3 * epochS)).toBeCloseTo(2 ** -24 + 2 ** (-1 / HOUR_S), 5);
    counters.apply(0, EVENT_CODE.view, firstS + 3 * epochS);
    // Late for the ring: left out. Late within it: counted.
    const before = counters.read(0);
    counters.apply(0, EVENT_CODE.view, firstS + epochS - 1);
    expect(counters.valueAt(0, views, firstS + 3 * epochS)).toBe(
      counted([
        { row: 0, type: EVENT_CODE.view, timeS: firstS + 3 * epochS },
        { row: 0, type: EVENT_CODE.view, timeS: firstS + 3 * epochS - 1 },
      ]).valueAt(0, views, firstS + 3 * epochS),
    );
    expect(Array.from(counters.read(0))).not.toEqual(Array.from(before));
  });

  it('stay exact up to 2^29 events in one epoch', () => {
    const clock = new DecayClock(DAY_S);
    const largest = clock.unitsOf(clock.epochS - 1e-6);
    expect(largest).toBe(2 ** 24);
    expect(Number.isSafeInteger(largest * (2 ** 29 - 1))).toBe(true);
    const lastS = Math.ceil(START_S / clock.epochS) * clock.epochS - 1e-6;
    const counters = new ItemCounters(1);
    counters.apply(0, EVENT_CODE.impression, lastS, 2 ** 29 - 1);
    const full = counters.read(0);
    counters.apply(0, EVENT_CODE.impression, lastS - 3 * DAY_S);
    expect(Array.from(counters.read(0))).not.toEqual(Array.from(full));
    counters.apply(0, EVENT_CODE.impression, lastS - 3 * DAY_S, -1);
    expect(Array.from(counters.read(0))).toEqual(Array.from(full));
  });

  it('come back from a store as they were, and grow', () => {
    fc.assert(
      fc.property(events, events, (before, after) => {
        const stored = counted(before);
        const restored = new ItemCounters(0);
        restored.grow(ITEMS);
        for (let row = 0; row < ITEMS; row++)
          restored.write(row, JSON.parse(JSON.stringify(Array.from(stored.read(row)))) as number[]);
        expect(bits(counted(after, 1, restored))).toEqual(bits(counted([...before, ...after])));
      }),
    );
    expect(new ItemCounters(1).read(0)).toEqual(new Float64Array(COUNTER_SUMS));
  });
});
