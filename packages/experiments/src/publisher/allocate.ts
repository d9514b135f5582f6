import { BUCKETS } from '@shortlist/core/contracts/assignment-snapshot.ts';
import type { BucketRange } from '@shortlist/core/stores/experiment-store.ts';

/** Buckets that stand for a share of all; at least one, so that a small share is not nobody. */
export const bucketsOf = (share: number): number => (share === 0 ? 0 : Math.max(1, Math.round(share * BUCKETS)));

export const countBuckets = (ranges: readonly BucketRange[]): number =>
  ranges.reduce((sum, { from, to }) => sum + to - from, 0);

/**
 * Buckets for an experiment that has `own` and shall have `wanted`: what it has stays its own, and what it needs more
 * comes from the lowest that nobody has. Null when there are not enough. `wanted` >= the size of `own`.
 */
export function allocate(
  own: readonly BucketRange[],
  others: readonly BucketRange[],
  wanted: number,
): readonly BucketRange[] | null {
  let missing = wanted - countBuckets(own);
  const taken: BucketRange[] = [];
  for (const { from, to } of freeBetween([...own, ...others])) {
    if (missing <= 0) break;
    const count = Math.min(missing, to - from);
    taken.push({ from, to: from + count });
    missing -= count;
  }
  return missing > 0 ? null : merged([...own, ...taken]);
}

export const freeBuckets = (taken: readonly BucketRange[]): number => BUCKETS - countBuckets(merged(taken));

function freeBetween(taken: readonly BucketRange[]): BucketRange[] {
  const free: BucketRange[] = [];
  let at = 0;
  for (const { from, to } of merged(taken)) {
    if (from > at) free.push({ from: at, to: from });
    at = Math.max(at, to);
  }
  if (at < BUCKETS) free.push({ from: at, to: BUCKETS });
  return free;
}

/** The same buckets in ascending ranges that do not touch. */
function merged(ranges: readonly BucketRange[]): BucketRange[] {
  const result: BucketRange[] = [];
  for (const { from, to } of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last !== undefined && from <= last.to)
      result[result.length - 1] = { from: last.from, to: Math.max(last.to, to) };
    else result.push({ from, to });
  }
  return result;
}
