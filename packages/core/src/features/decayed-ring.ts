/**
 * Exponential decay in whole numbers.
 *
 * Time is cut into epochs of 8 half-lives. An event at age `a` seconds within its epoch adds round(2^(a / H) * 2^16) to
 * the epoch's sum: an integer from 2^16 to 2^24. Sums of integers below 2^53 are exact in float64, whatever the order,
 * so an epoch takes at least 2^29 (536 million) events per item and channel. The value at T is
 * sum over epochs k of sum_k * 2^-16 * 2^((8 H k - T) / H).
 *
 * Rounding errs by at most 2^-17 of an event's weight (7.7e-6, and of alternating sign); events that are older than the
 * epochs kept weigh less than 2^-16 each.
 */

/** Epochs kept per item and channel, newest first in age: between 16 and 24 half-lives. */
export const RING_EPOCHS = 3;

const ONE = 2 ** 16;
const EPOCH_HALF_LIVES = 8;

export interface DecayClock {
  readonly halfLifeS: number;
  /** 8 half-lives. */
  readonly epochS: number;
}

/** What an event `offsetS` seconds into its epoch adds to the epoch's sum. */
export function unitsOf(clock: DecayClock, offsetS: number): number {
  return Math.round(Math.exp((Math.LN2 * offsetS) / clock.halfLifeS) * ONE);
}

/** 256^-d for d = 0, 1, ...: powers of two, so that multiplying by one changes no digit. */
const EPOCH_SCALES = Float64Array.from({ length: 128 }, (_, d) => 2 ** (-EPOCH_HALF_LIVES * d));

/** What one unit of `epoch` is worth at `timeS`, in events. */
export function ringWeight(clock: DecayClock, epoch: number, timeS: number): number {
  const current = Math.floor(timeS / clock.epochS);
  const age = current - epoch;
  const scale = age < 0 ? 1 / EPOCH_SCALES[Math.min(-age, 127)]! : age < 128 ? EPOCH_SCALES[age]! : 0;
  return (scale * Math.exp((-Math.LN2 * (timeS - current * clock.epochS)) / clock.halfLifeS)) / ONE;
}
