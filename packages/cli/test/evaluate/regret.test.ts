import { expect, it } from 'vitest';
import type { Catalog } from '@shortlist/core/catalog/catalog.ts';
import { regretRows } from '../../src/evaluate/regret.ts';
import { unitOf } from './unit-of.ts';

/** Item i is worth i; item 9 is sold out. */
const CATALOG = {
  count: 10,
  itemIds: Array.from({ length: 10 }, (_, row) => `${row}`),
  available: Uint8Array.from({ length: 10 }, (_, row) => (row === 9 ? 0 : 1)),
} as unknown as Catalog;
const ORACLE = { preference: (_: string, itemId: string) => Number(itemId) };

function regretOf(list: number[], k = 5) {
  const rows = regretRows(new Map([['it', [list]]]), [unitOf({})], CATALOG, ORACLE);
  return rows.find((row) => row.k === k)!.value;
}

it('is 0 for the best slate that could be served', () => {
  expect(regretOf([8, 7, 6, 5, 4])).toBe(0);
});

it('is the share of the best value that the slate misses', () => {
  expect(regretOf([0, 1, 2, 3, 4])).toBeCloseTo(1 - 10 / 30, 12);
  expect(regretOf([8])).toBeCloseTo(1 - 8 / 30, 12);
  expect(regretOf([8, 7, 6, 5, 4], 10)).toBeCloseTo(1 - 30 / 36, 12);
});

it('leaves sessions out: the oracle knows users only', () => {
  const units = [unitOf({}), unitOf({ kind: 'session' })];
  const rows = regretRows(new Map([['it', [[8, 7, 6, 5, 4], [0]]]]), units, CATALOG, ORACLE);
  expect(rows.map(({ users }) => users)).toEqual([1, 1, 1]);
  expect(rows[0]!.value).toBe(0);
});
