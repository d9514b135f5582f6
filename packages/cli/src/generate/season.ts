import { CATEGORIES } from './vocabulary.ts';

/** Visits per hour of the day (UTC), relative: quiet nights, a lunch bump, an evening peak. */
const HOURS = [2, 1.3, 0.9, 0.7, 0.7, 1, 2, 3.2, 4.2, 4.8, 5, 5.4, 6, 5.6, 5, 4.8, 5, 5.6, 6.6, 7.8, 8.6, 8, 6, 3.6];
/** Visits per weekday, Sunday first. */
const WEEKDAYS = [1.25, 0.95, 0.9, 0.92, 0.96, 1, 1.2];

const HOUR_S = 3600;
const YEAR_DAYS = 365.25;

/** How much better than its yearly average a category sells at `atS`; 1 is average. */
export function seasonFactor(category: number, atS: number): number {
  const { seasonPeakDay, seasonStrength } = CATEGORIES[category]!;
  const day = (atS / 86_400) % YEAR_DAYS;
  return 1 + seasonStrength * Math.cos((2 * Math.PI * (day - seasonPeakDay)) / YEAR_DAYS);
}

/**
 * When visits start: maps a share of the whole traffic to a time, so that walking the share from 0 to 1 walks the window
 * in time order with the weekly and daily rhythm, and nothing has to be sorted.
 */
export class TrafficCurve {
  private readonly fromS: number;
  private readonly cumulative: Float64Array;
  private hour = 0;

  constructor(fromS: number, untilS: number) {
    this.fromS = fromS;
    const hours = Math.max(1, Math.floor((untilS - fromS) / HOUR_S));
    this.cumulative = new Float64Array(hours + 1);
    for (let hour = 0; hour < hours; hour++) {
      const atS = fromS + hour * HOUR_S;
      const weight = HOURS[Math.floor(atS / HOUR_S) % 24]! * WEEKDAYS[(Math.floor(atS / 86_400) + 4) % 7]!;
      this.cumulative[hour + 1] = this.cumulative[hour]! + weight;
    }
  }

  /** Start time for `share` in [0, 1]. Calls must not go back; amortised O(1). */
  timeAt(share: number): number {
    const hours = this.cumulative.length - 1;
    const target = share * this.cumulative[hours]!;
    while (this.hour < hours - 1 && this.cumulative[this.hour + 1]! <= target) this.hour++;
    const before = this.cumulative[this.hour]!;
    const within = Math.min(1, (target - before) / (this.cumulative[this.hour + 1]! - before));
    return this.fromS + (this.hour + within) * HOUR_S;
  }
}
