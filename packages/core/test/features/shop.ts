import { EVENT_CODE } from '../../src/contracts/events.ts';
import type { Profile } from '../../src/contracts/profile.ts';
import type { FeatureCatalog } from '../../src/features/item-table.ts';

/** Saturday 2025-06-14 12:00 UTC. */
export const NOW_S = Date.UTC(2025, 5, 14, 12) / 1000;
export const DAY_S = 86_400;

/** Four items: 0 and 1 are tea, 2 and 3 mugs; 0 and 2 of brand a. */
export function tinyCatalog(): FeatureCatalog {
  return {
    count: 4,
    capacity: 4,
    categories: ['tea', 'mug'],
    brands: ['a', 'b'],
    categoryCodes: Int16Array.from([0, 0, 1, 1]),
    brandCodes: Int32Array.from([0, 1, 0, 1]),
    prices: Float32Array.from([2, 4, 8, 8]),
    createdS: Float64Array.from([NOW_S - 100 * DAY_S, NOW_S - 10 * DAY_S, 0, NOW_S]),
  };
}

type Event = readonly [type: keyof typeof EVENT_CODE, row: number, agoS: number];

/** A profile from events given most recent last. */
export function profileOf(events: readonly Event[]): Profile {
  return {
    length: events.length,
    rows: Int32Array.from(events, ([, row]) => row),
    types: Uint8Array.from(events, ([type]) => EVENT_CODE[type]),
    timesS: Float64Array.from(events, ([, , agoS]) => NOW_S - agoS),
  };
}
