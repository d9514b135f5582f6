export interface BackoffOptions {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * How long to wait after `failures` (from 1) in a row: twice as long each time, at most `maxMs`, half of it by chance, so
 * that what failed together is not tried again together. `chance` in [0, 1).
 */
export function backoffMs({ baseMs, maxMs }: BackoffOptions, failures: number, chance: number): number {
  // 2 ** 30 of any base is beyond every maximum, and does not overflow.
  const whole = Math.min(maxMs, baseMs * 2 ** Math.min(30, Math.max(0, failures - 1)));
  return whole / 2 + (whole / 2) * chance;
}
