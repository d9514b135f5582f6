/** Rows of a mask that are looked at to estimate how many it leaves. */
const SAMPLED = 256;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Share of the first `count` rows that a mask leaves, by a sample of rows; a sequence of low discrepancy, so no stride misleads it. */
export function estimateShareLeft(excluded: Uint8Array, count: number): number {
  let left = 0;
  for (let i = 0; i < SAMPLED; i++) left += 1 - excluded[Math.floor(((i * GOLDEN) % 1) * count)]!;
  return left / SAMPLED;
}
