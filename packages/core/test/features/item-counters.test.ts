import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVENT_CODE } from '../../src/contracts/events.ts';
import { COUNTER_CHANNELS, counterChannel, decay, ItemCounters } from '../../src/features/item-counters.ts';

const DAY_S = 86_400;
const START_S = 1_700_000_000;
const ITEMS = 3;

const event = fc.record({
  row: fc.integer({ min: 0, max: ITEMS - 1 }),
  type: fc.constantFrom(EVENT_CODE.view, EVENT_CODE.purchase, EVENT_CODE.impression),
  timeS: fc.double({ min: START_S, max: START_S + 60 * DAY_S, noNaN: true }),
});
const endS = START_S + 61 * DAY_S;

function counted(events: readonly { row: number; type: number; timeS: number }[]): ItemCounters {
  const counters = new ItemCounters(ITEMS);
  for (const { row, type, timeS } of events) counters.apply(row, type, timeS);
  return counters;
}

function expectSame(a: ItemCounters, b: ItemCounters): void {
  for (let row = 0; row < ITEMS; row++)
    for (let column = 0; column < COUNTER_CHANNELS.length; column++)
      expect(a.valueAt(row, column, endS)).toBeCloseTo(b.valueAt(row, column, endS), 9);
}

describe('decayed item counters', () => {
  it('halve in one half-life, and never for all-time counts', () => {
    const counters = counted([{ row: 0, type: EVENT_CODE.purchase, timeS: START_S }]);
    expect(counters.valueAt(0, counterChannel('purchases_7d'), START_S + 7 * DAY_S)).toBeCloseTo(0.5, 12);
    expect(counters.valueAt(0, counterChannel('purchases_1d'), START_S + 3 * DAY_S)).toBeCloseTo(0.125, 12);
    expect(counters.valueAt(0, counterChannel('purchases_all'), START_S + 900 * DAY_S)).toBe(1);
    expect(counters.valueAt(0, counterChannel('views_7d'), START_S)).toBe(0);
    expect(counters.valueAt(1, counterChannel('purchases_7d'), START_S)).toBe(0);
  });

  it('equal the sum over events of 2^(-age / half-life)', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const counters = counted(events);
        COUNTER_CHANNELS.forEach(({ type, halfLifeS }, column) => {
          const ofRow = events.filter((one) => one.row === 0 && one.type === type);
          const sum = ofRow.reduce((total, { timeS }) => total + decay(endS - timeS, halfLifeS), 0);
          expect(counters.valueAt(0, column, endS)).toBeCloseTo(sum, 9);
        });
      }),
    );
  });

  it('do not depend on the order of arrival', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), fc.infiniteStream(fc.double({ noNaN: true })), (events, keys) => {
        const shuffled = events.map((one) => ({ one, key: keys.next().value })).sort((a, b) => a.key - b.key);
        expectSame(counted(events), counted(shuffled.map(({ one }) => one)));
      }),
    );
  });

  it('merge to what one counter over all events holds', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), fc.array(event, { maxLength: 30 }), (left, right) => {
        const merged = counted(left);
        merged.merge(counted(right));
        expectSame(merged, counted([...left, ...right]));
      }),
    );
  });
});
