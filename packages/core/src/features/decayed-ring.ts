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

/** 256^-d for d = 0, 1, ...: powers of two, so that multiplying by one changes no digit. */
const EPOCH_SCALES = Float64Array.from({ length: 128 }, (_, d) => 2 ** (-EPOCH_HALF_LIVES * d));

/** The epochs of one half-life, and what an event is worth at the last moment asked for: tables ask row by row. */
export class DecayClock {
  readonly halfLifeS: number;
  /** 8 half-lives. */
  readonly epochS: number;
  #nowS = NaN;
  #epoch = 0;
  /** 2^(-age / halfLife) of an event at the start of the epoch of `#nowS`. */
  #weight = 0;

  constructor(halfLifeS: number) {
    this.halfLifeS = halfLifeS;
    this.epochS = EPOCH_HALF_LIVES * halfLifeS;
  }

  epochOf(timeS: number): number {
    return Math.floor(timeS / this.epochS);
  }

  /** What an event at `timeS` adds to the sum of its epoch. */
  unitsOf(timeS: number): number {
    const offsetS = timeS - this.epochOf(timeS) * this.epochS;
    return Math.round(Math.exp((Math.LN2 * offsetS) / this.halfLifeS) * ONE);
  }

  /** What one unit of `epoch` is worth at `nowS`, in events. */
  unitWeight(epoch: number, nowS: number): number {
    if (nowS !== this.#nowS) {
      this.#nowS = nowS;
      this.#epoch = this.epochOf(nowS);
      this.#weight = Math.exp((-Math.LN2 * (nowS - this.#epoch * this.epochS)) / this.halfLifeS) / ONE;
    }
    const age = this.#epoch - epoch;
    if (age >= EPOCH_SCALES.length) return 0;
    return age >= 0 ? this.#weight * EPOCH_SCALES[age]! : this.#weight / EPOCH_SCALES[Math.min(-age, 127)]!;
  }
}
