import { EVENT_CODE, EVENT_WEIGHT } from '../../contracts/events.ts';
import type { SourceQuery } from '../source.ts';
import type { Accumulator } from './accumulator.ts';

const STRONGEST = EVENT_WEIGHT[EVENT_CODE.purchase]!;

/** How a source reads a profile. */
export interface InterestOptions {
  /** Most recent events of interest that count. */
  readonly eventsMax: number;
  /** An event loses half its weight in this time, seconds; 0 = never. */
  readonly halfLifeS: number;
}

/**
 * Sums the weights of the profile's events per item into `out`: a purchase now weighs 1, a view 0.2, halved every
 * half-life, as in training. Events that say nothing of interest (weight 0) are passed over.
 */
export function readInterests(query: SourceQuery, options: InterestOptions, out: Accumulator): void {
  const { profile, nowS } = query;
  const rate = options.halfLifeS === 0 ? 0 : Math.LN2 / options.halfLifeS;
  out.reset();
  let left = options.eventsMax;
  for (let e = profile.length - 1; e >= 0 && left > 0; e--) {
    const weight = EVENT_WEIGHT[profile.types[e]!]! / STRONGEST;
    if (weight === 0) continue;
    left -= 1;
    const ageS = Math.max(0, nowS - profile.timesS[e]!);
    out.add(profile.rows[e]!, weight * Math.exp(-rate * ageS));
  }
}
