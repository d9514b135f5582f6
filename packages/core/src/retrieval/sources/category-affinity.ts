import type { Catalog } from '../../catalog/catalog.ts';
import { EVENT_WEIGHT } from '../../contracts/events.ts';
import type { SourceQuery } from '../source.ts';

const RATE_PER_S = Math.LN2 / (30 * 86_400);

/** An array of a number for each category: `used`, or a larger one once new items have brought new categories. */
export function roomForCategories(used: Float32Array, catalog: Catalog): Float32Array {
  const { length } = catalog.categories;
  return used.length >= length ? used : new Float32Array(length);
}

/**
 * Writes each category's share (0..1) of the profile's interest, halved every 30 days; all 0 for an empty profile.
 * `out`: `[categories]`.
 */
export function readCategoryAffinity(query: SourceQuery, catalog: Catalog, out: Float32Array): void {
  const { profile, nowS } = query;
  out.fill(0);
  let total = 0;
  for (let e = 0; e < profile.length; e++) {
    const category = catalog.categoryCodes[profile.rows[e]!]!;
    if (category < 0) continue;
    const ageS = Math.max(0, nowS - profile.timesS[e]!);
    const weight = EVENT_WEIGHT[profile.types[e]!]! * Math.exp(-RATE_PER_S * ageS);
    out[category]! += weight;
    total += weight;
  }
  if (total > 0) for (let c = 0; c < out.length; c++) out[c]! /= total;
}
