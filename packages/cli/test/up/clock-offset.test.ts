import { describe, expect, it } from 'vitest';
import { clockOffset } from '../../src/up/clock-offset.ts';

const NOW_S = 1_800_000_000;

describe('clock of a platform', () => {
  it('is the real one where data are of today', () => {
    expect(clockOffset(NOW_S - 3600, NOW_S)).toBe(0);
    expect(clockOffset(NOW_S + 60, NOW_S)).toBe(0);
  });

  it('goes on from the end of data that are of the past', () => {
    expect(clockOffset(NOW_S - 400 * 86_400, NOW_S)).toBe(-400 * 86_400);
    // What is clicked by that clock moves the end of the data along: the next start goes on from there.
    expect(clockOffset(NOW_S - 400 * 86_400 + 600, NOW_S)).toBe(-400 * 86_400 + 600);
  });
});
