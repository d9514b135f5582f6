import { EVENT_CODE, EVENT_TYPES } from '../contracts/events.ts';
import { DecayClock, RING_EPOCHS } from './decayed-ring.ts';

const HOUR_S = 3600;
const DAY_S = 86_400;

/** A purchase by somebody who never bought the item before; counted beside EVENT_CODE.purchase, not instead of it. */
export const FIRST_PURCHASE = EVENT_TYPES.length;

/** One decayed sum per item: events of `type`, halved every `halfLifeS` seconds (Infinity: all-time). */
export interface CounterChannel {
  readonly name: string;
  readonly type: number;
  readonly halfLifeS: number;
}

const channel = (name: string, type: number, halfLifeS: number): CounterChannel => ({ name, type, halfLifeS });

/** Every counter kept per item, in the order of the columns that `valueAt` takes. */
export const COUNTER_CHANNELS = [
  channel('impressions_1d', EVENT_CODE.impression, DAY_S),
  channel('impressions_30d', EVENT_CODE.impression, 30 * DAY_S),
  channel('views_1h', EVENT_CODE.view, HOUR_S),
  channel('views_1d', EVENT_CODE.view, DAY_S),
  channel('views_7d', EVENT_CODE.view, 7 * DAY_S),
  channel('views_30d', EVENT_CODE.view, 30 * DAY_S),
  channel('clicks_30d', EVENT_CODE.click, 30 * DAY_S),
  channel('carts_1d', EVENT_CODE.add_to_cart, DAY_S),
  channel('carts_7d', EVENT_CODE.add_to_cart, 7 * DAY_S),
  channel('carts_30d', EVENT_CODE.add_to_cart, 30 * DAY_S),
  channel('purchases_1d', EVENT_CODE.purchase, DAY_S),
  channel('purchases_7d', EVENT_CODE.purchase, 7 * DAY_S),
  channel('purchases_30d', EVENT_CODE.purchase, 30 * DAY_S),
  channel('purchases_180d', EVENT_CODE.purchase, 180 * DAY_S),
  channel('purchases_all', EVENT_CODE.purchase, Infinity),
  channel('first_purchases_30d', FIRST_PURCHASE, 30 * DAY_S),
  channel('buyers_all', FIRST_PURCHASE, Infinity),
] as const;

const CHANNEL_BY_NAME = new Map(COUNTER_CHANNELS.map((one, index) => [one.name, index]));

/** Column of a counter by name; a name that does not exist is a programming error. */
export function counterChannel(name: string): number {
  const index = CHANNEL_BY_NAME.get(name);
  if (index === undefined) throw new Error(`no counter is named ${name}`);
  return index;
}

/** 2^(-age / halfLife); 1 for an all-time counter. */
export function decay(ageS: number, halfLifeS: number): number {
  return halfLifeS === Infinity ? 1 : Math.exp((-Math.LN2 * ageS) / halfLifeS);
}

/** Where a channel's sums lie within a row, and the clock of its half-life (none: all-time, one sum). */
interface Column {
  readonly offset: number;
  readonly clock: DecayClock | undefined;
}

const CLOCKS = new Map<number, DecayClock>();
const COLUMNS: readonly Column[] = COUNTER_CHANNELS.map(({ halfLifeS }, index) => {
  const before = COUNTER_CHANNELS.slice(0, index);
  const offset = 1 + before.reduce((total, one) => total + (one.halfLifeS === Infinity ? 1 : RING_EPOCHS), 0);
  if (halfLifeS === Infinity) return { offset, clock: undefined };
  const clock = CLOCKS.get(halfLifeS) ?? new DecayClock(halfLifeS);
  CLOCKS.set(halfLifeS, clock);
  return { offset, clock };
});

/** Columns that an event of each type adds to, by event code. */
const COLUMNS_OF_TYPE: readonly (readonly Column[])[] = Array.from({ length: FIRST_PURCHASE + 1 }, (_, type) =>
  COLUMNS.filter((_, index) => COUNTER_CHANNELS[index]!.type === type),
);

/** Numbers per item: the time of its newest event, then each channel's sums. */
export const COUNTER_SUMS =
  1 + COUNTER_CHANNELS.reduce((total, { halfLifeS }) => total + (halfLifeS === Infinity ? 1 : RING_EPOCHS), 0);

/** Every epoch begins where one of the shortest does, since each half-life is a multiple of the next shorter one. */
const SHORTEST_EPOCH_S = Math.min(...Array.from(CLOCKS.values(), ({ epochS }) => epochS));

/**
 * Exponentially decayed event counts per item, in whole numbers: order of arrival, splitting and merging change no bit,
 * and taking an event back is subtraction.
 *
 * A row is `[newest, sums...]`: the time of the newest event that was ever applied to the item, and per channel the sums
 * of decayed-ring.ts for the epoch of that time and the two before it, at `epoch mod 3` (all-time: one plain count). An
 * event of an older epoch is left out; it would weigh less than 2^-16 of one at the newest time. So a row is a function
 * of the set of its events, and of the newest time. Taking back the newest event does not turn that time back: compare
 * such a row with a fresh one after `advance`.
 */
export class ItemCounters {
  /** [capacity, COUNTER_SUMS], row-major. */
  #sums: Float64Array;
  #itemCount: number;

  constructor(itemCount: number) {
    this.#itemCount = itemCount;
    this.#sums = new Float64Array(itemCount * COUNTER_SUMS);
  }

  get itemCount(): number {
    return this.#itemCount;
  }

  /** Makes room for rows up to `itemCount`; those that are there stay. Amortised O(1) per row. */
  grow(itemCount: number): void {
    if (itemCount <= this.#itemCount) return;
    if (itemCount * COUNTER_SUMS > this.#sums.length) {
      const larger = new Float64Array(Math.max(itemCount, 2 * this.#itemCount) * COUNTER_SUMS);
      larger.set(this.#sums);
      this.#sums = larger;
    }
    this.#itemCount = itemCount;
  }

  /**
   * Counts `times` events of `type` (event code or FIRST_PURCHASE) on `row`; a negative number takes them back.
   * O(channels of the type).
   */
  apply(row: number, type: number, timeS: number, times = 1): void {
    const columns = COLUMNS_OF_TYPE[type];
    if (columns === undefined || columns.length === 0) return;
    const at = row * COUNTER_SUMS;
    this.advance(row, timeS);
    const newestS = this.#sums[at]!;
    for (let c = 0; c < columns.length; c++) {
      const { offset, clock } = columns[c]!;
      if (clock === undefined) {
        this.#sums[at + offset] = this.#sums[at + offset]! + times;
        continue;
      }
      const epoch = clock.epochOf(timeS);
      if (epoch <= clock.epochOf(newestS) - RING_EPOCHS) continue;
      const slot = at + offset + slotOf(epoch);
      this.#sums[slot] = this.#sums[slot]! + times * clock.unitsOf(timeS);
    }
  }

  /** The counter `column` of `row` as it stands at `timeS` (not before the row's newest event). */
  valueAt(row: number, column: number, timeS: number): number {
    const at = row * COUNTER_SUMS;
    const { offset, clock } = COLUMNS[column]!;
    if (clock === undefined) return this.#sums[at + offset]!;
    const top = clock.epochOf(this.#sums[at]!);
    let value = 0;
    for (let epoch = top - RING_EPOCHS + 1; epoch <= top; epoch++) {
      const sum = this.#sums[at + offset + slotOf(epoch)]!;
      if (sum !== 0) value += sum * clock.unitWeight(epoch, timeS);
    }
    return value;
  }

  /** Adds what `other` counted over other events of the same items. */
  merge(other: ItemCounters): void {
    const moved = new Float64Array(COUNTER_SUMS);
    for (let row = 0; row < other.#itemCount; row++) {
      const at = row * COUNTER_SUMS;
      moved.set(other.#sums.subarray(at, at + COUNTER_SUMS));
      this.advance(row, moved[0]!);
      advanceRow(moved, 0, this.#sums[at]!);
      for (let i = 1; i < COUNTER_SUMS; i++) this.#sums[at + i] = this.#sums[at + i]! + moved[i]!;
    }
  }

  /** Moves the row on to `timeS`, as an event at that time would without being counted; never back. */
  advance(row: number, timeS: number): void {
    advanceRow(this.#sums, row * COUNTER_SUMS, timeS);
  }

  /** A copy of the row, [COUNTER_SUMS]: all there is to know, for a store or a stream. All 0: nothing was counted. */
  read(row: number): Float64Array {
    return this.#sums.slice(row * COUNTER_SUMS, (row + 1) * COUNTER_SUMS);
  }

  /** Puts what `read` gave in place of the row. */
  write(row: number, sums: ArrayLike<number>): void {
    if (sums.length !== COUNTER_SUMS) throw new Error(`a row of counters has ${COUNTER_SUMS} numbers`);
    this.#sums.set(sums, row * COUNTER_SUMS);
  }
}

/** Where in its ring an epoch lies; epochs before 1970 are negative. */
function slotOf(epoch: number): number {
  const rest = epoch % RING_EPOCHS;
  return rest < 0 ? rest + RING_EPOCHS : rest;
}

/** Empties the epochs that come into the rings of the row at `at` when its newest event is at `timeS`. */
function advanceRow(sums: Float64Array, at: number, timeS: number): void {
  const beforeS = sums[at]!;
  if (timeS <= beforeS) return;
  sums[at] = timeS;
  if (Math.floor(timeS / SHORTEST_EPOCH_S) === Math.floor(beforeS / SHORTEST_EPOCH_S)) return;
  for (const { offset, clock } of COLUMNS) {
    if (clock === undefined) continue;
    const to = clock.epochOf(timeS);
    const from = Math.max(clock.epochOf(beforeS), to - RING_EPOCHS) + 1;
    for (let epoch = from; epoch <= to; epoch++) sums[at + offset + slotOf(epoch)] = 0;
  }
}
