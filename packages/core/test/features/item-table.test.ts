import { describe, expect, it } from 'vitest';
import { EVENT_CODE } from '../../src/contracts/events.ts';
import { ITEM_FEATURES, itemFeatureIndex } from '../../src/features/item-features.ts';
import { ItemFeatureTable, pricePercentiles } from '../../src/features/item-table.ts';
import { DAY_S, NOW_S, tinyCatalog } from './shop.ts';

const value = (table: ItemFeatureTable, row: number, name: string): number =>
  table.values[row * ITEM_FEATURES.length + itemFeatureIndex(name)]!;

describe('item feature table', () => {
  it('tells first purchases from repeats by the same actor', () => {
    const table = new ItemFeatureTable(tinyCatalog());
    for (const [actor, agoDays] of [
      [1, 30],
      [1, 20],
      [2, 10],
    ] as const)
      table.apply(actor, 0, EVENT_CODE.purchase, NOW_S - agoDays * DAY_S);
    table.refreshAll(NOW_S);
    expect(value(table, 0, 'item_purchases_all')).toBeCloseTo(Math.log1p(3), 6);
    expect(value(table, 0, 'item_buyers_all')).toBeCloseTo(Math.log1p(2), 6);
    expect(value(table, 0, 'item_repurchase_rate')).toBeCloseTo(1 / 8, 6);
    expect(value(table, 0, 'item_first_sold')).toBeCloseTo(Math.log1p(30), 6);
    expect(value(table, 0, 'item_last_sold')).toBeCloseTo(Math.log1p(10), 6);
    expect(value(table, 1, 'item_last_sold')).toBeCloseTo(Math.log1p(999), 4);
  });

  it('holds the values of the start of the tick, whenever within it a row is refreshed', () => {
    const early = new ItemFeatureTable(tinyCatalog(), { refreshS: 3600 });
    const late = new ItemFeatureTable(tinyCatalog(), { refreshS: 3600 });
    for (const table of [early, late]) table.apply(1, 0, EVENT_CODE.view, NOW_S - 5000);
    early.refresh(0, NOW_S + 1);
    late.refresh(0, NOW_S + 3599);
    expect(early.values).toEqual(late.values);
    late.refresh(0, NOW_S + 3600);
    expect(value(late, 0, 'item_views_1h')).toBeLessThan(value(early, 0, 'item_views_1h'));
  });

  it('smooths rates towards a prior and keeps them between 0 and 1', () => {
    const table = new ItemFeatureTable(tinyCatalog());
    for (let i = 0; i < 20; i++) table.apply(i, 0, EVENT_CODE.view, NOW_S - 60);
    table.refreshAll(NOW_S);
    expect(value(table, 1, 'item_ctr_30d')).toBeCloseTo(0.05, 6);
    // More views than impressions (they came from elsewhere) make no rate above 1.
    expect(value(table, 0, 'item_ctr_30d')).toBeLessThanOrEqual(1);
    expect(table.values.every(Number.isFinite)).toBe(true);
  });

  it('ranks prices within the category, ties in the middle', () => {
    expect(Array.from(pricePercentiles(tinyCatalog()))).toEqual([0.25, 0.75, 0.5, 0.5]);
  });
});
