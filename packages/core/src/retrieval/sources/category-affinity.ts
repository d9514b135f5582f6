import type { Catalog } from '../../catalog/catalog.ts';
import { EVENT_WEIGHT } from '../../contracts/events.ts';
import type { SourceQuery } from '../source.ts';

/** Writes each category's share (0..1) of the profile's interest, all 0 for an empty one. `out`: `[categories]`. */
export function readCategoryAffinity(query: SourceQuery, catalog: Catalog, out: Float32Array): void {
  const { profile } = query;
  out.fill(0);
  let total = 0;
  for (let e = 0; e < profile.length; e++) {
    const weight = EVENT_WEIGHT[profile.types[e]!]!;
    out[catalog.categoryCodes[profile.rows[e]!]!]! += weight;
    total += weight;
  }
  if (total > 0) for (let c = 0; c < out.length; c++) out[c]! /= total;
}
