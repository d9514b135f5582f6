import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/**
 * For compatibility only: whoever brings experiments from GrowthBook can tell where its units were. Nothing here is used for
 * our own buckets; version 1 is not even independent across experiments (research/experiments.md, section 1).
 */
function growthbookBucket(seed: string, id: string, version: number): number | null {
  if (version === 1) return (fnv1a(id + seed) % 1000) / 1000;
  if (version === 2) return (fnv1a(String(fnv1a(seed + id))) % 10_000) / 10_000;
  return null;
}

/** 32-bit FNV-1a over UTF-16 code units. */
function fnv1a(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** Fixed range starts by weight; coverage grows each range from its start, so nobody moves. */
function growthbookRanges(variations: number, coverage: number, weights: readonly number[] | null): number[][] {
  const covered = Math.min(1, Math.max(0, coverage));
  const sum = (weights ?? []).reduce((total, weight) => total + weight, 0);
  const isUsable = weights?.length === variations && sum >= 0.99 && sum <= 1.01;
  const shares = isUsable ? weights : Array.from({ length: variations }, () => 1 / variations);
  let start = 0;
  return shares.map((share) => {
    const range = [start, start + covered * share];
    start += share;
    return range;
  });
}

const vectors = JSON.parse(readFileSync(new URL('../vectors/growthbook.json', import.meta.url), 'utf8')) as {
  hash: [string, string, number, number | null][];
  getBucketRange: [string, [number, number, number[] | null], [number, number][]][];
};

describe('the hashes of GrowthBook', () => {
  it.each(vectors.hash)('of seed %s and id %s, version %i', (seed, id, version, bucket) => {
    expect(growthbookBucket(seed, id, version)).toBe(bucket);
  });
  it.each(vectors.getBucketRange)('ranges: %s', (_, [variations, coverage, weights], ranges) => {
    const actual = growthbookRanges(variations, coverage, weights);
    expect(actual).toHaveLength(ranges.length);
    actual.forEach(([from, to], r) => {
      expect(from).toBeCloseTo(ranges[r]![0], 12);
      expect(to).toBeCloseTo(ranges[r]![1], 12);
    });
  });
});
