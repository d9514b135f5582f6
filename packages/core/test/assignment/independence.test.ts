import { describe, expect, it } from 'vitest';
import { bucketOf, type BucketPurpose } from '@shortlist/core/assignment/bucket.ts';
import { BUCKETS } from '@shortlist/core/contracts/assignment-snapshot.ts';

const IDS = 200_000;
const GROUPS = 10;
/** Upper .001 points of chi-squared; the ids are fixed, so a test that passes once always passes. */
const CRITICAL = { 1: 10.828, 81: 126.083, 99: 148.23 } as const;

type Hash = readonly [purpose: BucketPurpose, salt: string];
const known = new Map<string, Int32Array>();
/** Buckets of user-0, user-1, ...: the ids that a weak hash fails on. */
function bucketsOf([purpose, salt]: Hash): Int32Array {
  const key = `${purpose} ${salt}`;
  let buckets = known.get(key);
  if (buckets === undefined) {
    buckets = Int32Array.from({ length: IDS }, (_, id) => bucketOf(purpose, salt, `user-${id}`));
    known.set(key, buckets);
  }
  return buckets;
}

const HASHES: readonly Hash[] = [
  ['holdout', 'ranking'],
  ['layer', 'ranking'],
  ['layer', 'pricing'],
  ['ramp', 'exp-1'],
  ['variant', 'exp-1'],
  ['variant', 'exp-2'],
  ['variant', 'exp-11'],
];
const PAIRS = HASHES.flatMap((a, i) => HASHES.slice(i + 1).map((b) => [a, b] as const));

/** Pearson's chi-squared of a table of counts, row-major, against the products of its margins. */
function chiSquared(counts: Float64Array, rows: number, columns: number): number {
  const rowSums = new Float64Array(rows);
  const columnSums = new Float64Array(columns);
  let total = 0;
  counts.forEach((count, cell) => {
    rowSums[Math.floor(cell / columns)]! += count;
    columnSums[cell % columns]! += count;
    total += count;
  });
  return counts.reduce((sum, count, cell) => {
    const expected = (rowSums[Math.floor(cell / columns)]! * columnSums[cell % columns]!) / total;
    return sum + (count - expected) ** 2 / expected;
  }, 0);
}

/** Counts by group of both hashes, each cut into `groups` at `share`-th bucket and on. */
function table(a: Hash, b: Hash, groups: number, groupOf: (bucket: number) => number): Float64Array {
  const counts = new Float64Array(groups * groups);
  const [ofA, ofB] = [bucketsOf(a), bucketsOf(b)];
  for (let id = 0; id < IDS; id++) counts[groupOf(ofA[id]!) * groups + groupOf(ofB[id]!)]! += 1;
  return counts;
}

describe('buckets of 200,000 ids', () => {
  it.each(HASHES)('are uniform: %s of %s', (...hash) => {
    const counts = new Float64Array(100);
    for (const bucket of bucketsOf(hash)) counts[Math.floor(bucket / (BUCKETS / 100))]! += 1;
    const expected = IDS / 100;
    const statistic = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(statistic).toBeLessThan(CRITICAL[99]);
  });

  it.each(PAIRS)('are independent across purposes, layers, experiments and salts: %s and %s', (a, b) => {
    const half = table(a, b, 2, (bucket) => (bucket < BUCKETS / 2 ? 0 : 1));
    const tail = table(a, b, 2, (bucket) => (bucket < BUCKETS / 10 ? 0 : 1));
    const tenths = table(a, b, GROUPS, (bucket) => Math.floor(bucket / (BUCKETS / GROUPS)));
    expect(chiSquared(half, 2, 2)).toBeLessThan(CRITICAL[1]);
    expect(chiSquared(tail, 2, 2)).toBeLessThan(CRITICAL[1]);
    expect(chiSquared(tenths, GROUPS, GROUPS)).toBeLessThan(CRITICAL[81]);
  });

  it('would be found dependent if one hash served two purposes', () => {
    const same = table(['ramp', 'exp-1'], ['ramp', 'exp-1'], 2, (bucket) => (bucket < BUCKETS / 2 ? 0 : 1));
    expect(chiSquared(same, 2, 2)).toBeGreaterThan(100_000);
  });
});
