import { EVENT_CODE, EVENT_TYPES } from '../contracts/events.ts';

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

/** Every counter kept per item. The order is the column order of `ItemCounters.values`. */
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

const CHANNEL_COUNT = COUNTER_CHANNELS.length;
const CHANNEL_BY_NAME = new Map(COUNTER_CHANNELS.map((one, index) => [one.name, index]));

/** Column of a counter by name; a name that does not exist is a programming error. */
export function counterChannel(name: string): number {
  const index = CHANNEL_BY_NAME.get(name);
  if (index === undefined) throw new Error(`no counter is named ${name}`);
  return index;
}

/** Columns that an event of each type adds to, by event code. */
const CHANNELS_OF_TYPE: readonly (readonly number[])[] = Array.from({ length: FIRST_PURCHASE + 1 }, (_, type) =>
  COUNTER_CHANNELS.flatMap((one, index) => (one.type === type ? [index] : [])),
);

/** 2^(-age / halfLife); 1 for an all-time counter. */
export function decay(ageS: number, halfLifeS: number): number {
  return halfLifeS === Infinity ? 1 : Math.exp((-Math.LN2 * ageS) / halfLifeS);
}

/**
 * Exponentially decayed event counts per item: a value and the time it stands at, per item and channel.
 *
 * An event later than that time decays the value forward; an earlier one is itself decayed, so the order of arrival
 * does not matter beyond float rounding, and two counters over disjoint events merge by adding.
 */
export class ItemCounters {
  readonly itemCount: number;
  /** [itemCount, channels], row-major. */
  readonly #values: Float64Array;
  readonly #timesS: Float64Array;

  constructor(itemCount: number) {
    this.itemCount = itemCount;
    this.#values = new Float64Array(itemCount * CHANNEL_COUNT);
    this.#timesS = new Float64Array(itemCount * CHANNEL_COUNT).fill(-Infinity);
  }

  /** Counts one event of `type` (event code or FIRST_PURCHASE) on `row`. O(channels of the type). */
  apply(row: number, type: number, timeS: number, weight = 1): void {
    for (const column of CHANNELS_OF_TYPE[type] ?? []) this.#add(row * CHANNEL_COUNT + column, column, timeS, weight);
  }

  /** The counter `column` of `row` as it stands at `timeS` (not before the row's last event). */
  valueAt(row: number, column: number, timeS: number): number {
    const at = row * CHANNEL_COUNT + column;
    const value = this.#values[at]!;
    return value === 0 ? 0 : value * decay(timeS - this.#timesS[at]!, COUNTER_CHANNELS[column]!.halfLifeS);
  }

  /** Adds what `other` counted over other events of the same items. */
  merge(other: ItemCounters): void {
    for (let at = 0; at < this.#values.length; at++)
      if (other.#values[at] !== 0) this.#add(at, at % CHANNEL_COUNT, other.#timesS[at]!, other.#values[at]!);
  }

  #add(at: number, column: number, timeS: number, weight: number): void {
    const lastS = this.#timesS[at]!;
    const { halfLifeS } = COUNTER_CHANNELS[column]!;
    if (lastS === -Infinity) {
      this.#values[at] = weight;
      this.#timesS[at] = timeS;
    } else if (timeS >= lastS) {
      this.#values[at] = this.#values[at]! * decay(timeS - lastS, halfLifeS) + weight;
      this.#timesS[at] = timeS;
    } else {
      this.#values[at] = this.#values[at]! + weight * decay(lastS - timeS, halfLifeS);
    }
  }
}
