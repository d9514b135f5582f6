import { describe, expect, it } from 'vitest';
import { scoreSystem } from '../../src/evaluate/score-system.ts';
import { unitOf } from './unit-of.ts';

const UNITS = [
  // Hits at places 1 and 3 of two relevant items.
  unitOf({ id: 'warm', events: 5, truth: new Set([1, 3]) }),
  // Four events are cold, but known to training; misses.
  unitOf({ id: 'cold', events: 4, truth: new Set([9]) }),
  // Never seen in training: cold, not part of `all`; hit at place 2 of one.
  unitOf({ id: 'stranger', events: 0, truth: new Set([2]) }),
  unitOf({ id: 's1', kind: 'session', events: 1, truth: new Set([1]) }),
  // Only an item that training never saw: nobody's figure but `unseen_item`.
  unitOf({ id: 'late', unseenTruth: ['newcomer'] }),
];
const LIST = [1, 2, 3];
const ROWS = scoreSystem(
  'it',
  UNITS,
  UNITS.map(() => LIST),
  10,
);

const find = (segment: string, metric: string, k = 5) =>
  ROWS.find((row) => row.segment === segment && row.metric === metric && row.k === k);

describe('segments', () => {
  it('average over their own units', () => {
    const users = ['all', 'warm', 'cold', 'anonymous', 'unseen_item'].map((name) => find(name, 'recall')?.users);
    expect(users).toEqual([2, 1, 2, 1, 1]);
  });

  it('have the recall, precision and hit rate that one counts by hand', () => {
    expect(find('warm', 'recall')!.value).toBe(1);
    expect(find('warm', 'precision')!.value).toBeCloseTo(2 / 5, 12);
    expect(find('all', 'recall')!.value).toBeCloseTo((1 + 0) / 2, 12);
    expect(find('cold', 'hit_rate')!.value).toBeCloseTo((0 + 1) / 2, 12);
    expect(find('anonymous', 'recall')!.value).toBe(1);
  });

  it('have a binary NDCG with log2 discount', () => {
    const ideal = 1 + 1 / Math.log2(3);
    expect(find('warm', 'ndcg')!.value).toBeCloseTo((1 + 1 / Math.log2(4)) / ideal, 12);
    expect(find('cold', 'ndcg')!.value).toBeCloseTo(1 / Math.log2(3) / 2, 12);
  });

  it('state an interval around the value', () => {
    const { low, value, high } = find('all', 'recall')!;
    expect([low, value, high]).toEqual([0, 0.5, 1]);
  });

  it('are absent without units, except all', () => {
    const rows = scoreSystem('it', [unitOf({ kind: 'session', truth: new Set([1]) })], [LIST], 10);
    expect([...new Set(rows.map(({ segment }) => segment))]).toEqual(['all', 'anonymous']);
  });
});

it('items that training never saw have recall 0 in a segment of their own', () => {
  expect(find('unseen_item', 'recall')).toMatchObject({ value: 0, low: 0, high: 0 });
});

it('coverage is the share of the catalogue that any list names within k', () => {
  const lists = [
    [0, 1, 2, 3, 4, 5],
    [0, 1, 2, 3, 6, 7],
  ];
  const rows = scoreSystem('it', [UNITS[0]!, UNITS[1]!], lists, 10);
  const coverage = (k: number) => rows.find((row) => row.metric === 'coverage' && row.k === k)!.value;
  expect(coverage(5)).toBeCloseTo(0.6, 12);
  expect(coverage(10)).toBeCloseTo(0.8, 12);
});

it('a relevant item that no list can hold counts as a miss', () => {
  const rows = scoreSystem('it', [unitOf({ truth: new Set([1, -1]) })], [LIST], 10);
  expect(rows.find((row) => row.metric === 'recall' && row.segment === 'all')!.value).toBe(0.5);
});
