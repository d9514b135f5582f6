import { EVENT_WEIGHT } from '../../contracts/events.ts';
import type { SourceQuery } from '../source.ts';
import type { Accumulator } from './accumulator.ts';

/** How a source reads a profile. */
export interface InterestOptions {
  /** Most recent events of interest that count. */
  readonly eventsMax: number;
  /** An event loses half its weight in this time, seconds; 0 = never. */
  readonly halfLifeS: number;
  /** The event weight that counts as 1: that of the strongest event type in the data that training saw. */
  readonly weightScale: number;
}

/**
 * Sums the weights of the profile's events per item into `out`, in units of `weightScale` and halved every half-life, as
 * training did: in a shop with purchases one now weighs 1 and a view 0.2, in a shop of views only a view weighs 1. Events that say nothing of interest (weight 0) are passed over.
 */
export function readInterests(query: SourceQuery, options: InterestOptions, out: Accumulator): void {
  const { profile, nowS } = query;
  const rate = options.halfLifeS === 0 ? 0 : Math.LN2 / options.halfLifeS;
  out.reset();
  let left = options.eventsMax;
  // Lines of one basket share their time, and so the exponential.
  let timeS = NaN;
  let decayed = 1;
  for (let e = profile.length - 1; e >= 0 && left > 0; e--) {
    const weight = EVENT_WEIGHT[profile.types[e]!]! / options.weightScale;
    if (weight === 0) continue;
    left -= 1;
    if (profile.timesS[e]! !== timeS) {
      timeS = profile.timesS[e]!;
      decayed = Math.exp(-rate * Math.max(0, nowS - timeS));
    }
    out.add(profile.rows[e]!, weight * decayed);
  }
}
