import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { itemsToArrow, type CatalogItem } from '../../src/catalog/write-items.ts';
import { EVENT_CODE, type EventType } from '../../src/contracts/events.ts';
import { FIRST_PURCHASE, ItemCounters } from '../../src/features/item-counters.ts';
import { itemFeatureIndex, ITEM_FEATURES } from '../../src/features/item-features.ts';
import { ItemFeatureTable } from '../../src/features/item-table.ts';
import { LiveCounters } from '../../src/features/live-counters.ts';
import { LiveItemFeatures } from '../../src/features/live-item-features.ts';

const NOW_S = 1_750_000_000;
const DAY_S = 86_400;
const ITEMS = 6;
const itemOf = (row: number): CatalogItem => ({
  itemId: `i${row}`,
  title: `Title ${row}`,
  category: ['tea', 'mug', ''][row % 3]!,
  brand: '',
  price: 1 + (row % 4),
  createdAtS: NOW_S - row * 10 * DAY_S,
  available: true,
});
const items = Array.from({ length: ITEMS }, (_, row) => itemOf(row));
const catalogOf = (of: readonly CatalogItem[], spareRows = 0) => Catalog.fromArrow(itemsToArrow(of), { spareRows });

interface Happening {
  readonly actor: number;
  readonly row: number;
  readonly type: EventType;
  readonly agoS: number;
}
const happenings = fc.array(
  fc.record({
    actor: fc.nat(4),
    row: fc.nat(ITEMS - 1),
    type: fc.constantFrom<EventType>('view', 'click', 'impression', 'add_to_cart', 'purchase', 'wishlist'),
    agoS: fc.integer({ min: 0, max: 400 * DAY_S }),
  }),
  { maxLength: 60 },
);

/** What the aggregator keeps of the same events, in any order: counters by row, and who bought first when. */
class Aggregator {
  readonly counters = new ItemCounters(ITEMS);
  readonly first = new Map<string, number>();
  readonly #purchases = Array.from({ length: ITEMS }, () => [] as number[]);

  add({ actor, row, type, agoS }: Happening): void {
    const timeS = NOW_S - agoS;
    this.counters.apply(row, EVENT_CODE[type], timeS);
    if (type !== 'purchase') return;
    this.#purchases[row]!.push(timeS);
    const pair = `${actor} ${row}`;
    const before = this.first.get(pair);
    if (before !== undefined && before <= timeS) return;
    if (before !== undefined) this.counters.apply(row, FIRST_PURCHASE, before, -1);
    this.first.set(pair, timeS);
    this.counters.apply(row, FIRST_PURCHASE, timeS);
  }

  entry(row: number, version: number) {
    const times = this.#purchases[row]!;
    // As it comes over the stream: through JSON.
    return JSON.parse(
      JSON.stringify({
        itemId: `i${row}`,
        version,
        sums: [...this.counters.read(row)],
        firstPurchaseS: times.length === 0 ? 0 : Math.min(...times),
        lastPurchaseS: times.length === 0 ? 0 : Math.max(...times),
      }),
    ) as Parameters<LiveCounters['put']>[0];
  }
}

describe('live item features', () => {
  it('are to the bit what training replays, at any time, whatever order the events came in', () => {
    fc.assert(
      fc.property(
        happenings,
        fc.infiniteStream(fc.nat()),
        fc.integer({ min: 0, max: 40 * DAY_S }),
        (events, keys, laterS) => {
          const asOfS = NOW_S + laterS;
          const table = new ItemFeatureTable(catalogOf(items));
          for (const { actor, row, type, agoS } of [...events].sort((a, b) => b.agoS - a.agoS))
            table.apply(actor, row, EVENT_CODE[type], NOW_S - agoS);
          table.refreshAll(asOfS);

          const counters = new LiveCounters();
          const catalog = catalogOf(items, 3);
          const values = new Float32Array(catalog.capacity * ITEM_FEATURES.length).fill(-1);
          const released = new ItemFeatureTable(catalogOf(items));
          released.refreshAll(NOW_S);
          values.set(released.values);
          const live = new LiveItemFeatures(catalog, values, counters);
          const aggregator = new Aggregator();
          const arrival = events.map((event) => ({ event, key: keys.next().value! })).sort((a, b) => a.key - b.key);
          for (const [version, { event }] of arrival.entries()) {
            aggregator.add(event);
            counters.put(aggregator.entry(event.row, version + 1));
          }
          live.complete = true;
          for (let row = 0; row < ITEMS; row++) live.refresh(row, asOfS);
          expect(Buffer.from(values.buffer, 0, table.values.byteLength).equals(Buffer.from(table.values.buffer))).toBe(
            true,
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  it('gives a new item the features that it would have had in the release', () => {
    const added: CatalogItem = { ...itemOf(1), itemId: 'new', price: 2 };
    const table = new ItemFeatureTable(catalogOf([...items, added]));
    table.refreshAll(NOW_S);
    const catalog = catalogOf(items, 1);
    const values = new Float32Array(catalog.capacity * ITEM_FEATURES.length);
    const live = new LiveItemFeatures(catalog, values, new LiveCounters());
    catalog.append(added);
    live.addRow(ITEMS, NOW_S);
    const from = ITEMS * ITEM_FEATURES.length;
    expect(values.slice(from)).toEqual(table.values.slice(from));
  });

  it('leave the features of the release alone while counters may be missing, but for a price', () => {
    const catalog = catalogOf(items);
    const values = new Float32Array(catalog.capacity * ITEM_FEATURES.length).fill(7);
    const live = new LiveItemFeatures(catalog, values, new LiveCounters());
    live.refresh(2, NOW_S);
    expect(values.every((value) => value === 7)).toBe(true);
    catalog.change(2, { ...items[2]!, price: 50 });
    live.setPrice(2);
    expect(values[2 * ITEM_FEATURES.length + itemFeatureIndex('item_price')]).toBeCloseTo(Math.log1p(50), 5);
    expect(values.filter((value) => value !== 7)).toHaveLength(1);
    live.complete = true;
    live.refresh(2, NOW_S);
    expect(values.filter((value) => value !== 7).length).toBeGreaterThan(20);
  });

  it('ignore counters that are not newer than those they have', () => {
    const aggregator = new Aggregator();
    aggregator.add({ actor: 1, row: 0, type: 'view', agoS: 10 });
    const older = aggregator.entry(0, 5);
    aggregator.add({ actor: 1, row: 0, type: 'view', agoS: 5 });
    const newer = aggregator.entry(0, 6);
    const counters = new LiveCounters();
    expect([newer, older, newer].map((entry) => counters.put(entry))).toEqual([true, false, false]);
    expect([...counters.counters.read(counters.rowOf('i0'))]).toEqual([...(newer.sums as number[])]);
    for (let i = 0; i < 3000; i++) counters.put({ ...newer, itemId: `x${i}`, lastPurchaseS: i });
    expect(counters.size).toBe(3001);
    expect(counters.lastPurchaseS[counters.rowOf('x2999')]).toBe(2999);
    expect(counters.rowOf('unknown')).toBe(0);
    expect([...counters.counters.read(0)].every((sum) => sum === 0)).toBe(true);
  });
});
