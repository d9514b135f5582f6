import { describe, expect, it } from 'vitest';
import { ProfileSummary } from '../../src/features/profile-summary.ts';
import { DAY_S, NOW_S, profileOf, tinyCatalog } from './shop.ts';

const PROFILES = [
  profileOf([
    ['purchase', 0, 3 * DAY_S],
    ['view', 1, 600],
    ['view', 0, 60],
  ]),
  profileOf([['view', 2, 60]]),
  profileOf([]),
  profileOf([
    ['view', 3, 60],
    ['view', 1, 30],
    ['view', 3, 20],
  ]),
];

/** What the summary says of every row, and how many items it counted. */
function said(summary: ProfileSummary): unknown {
  const rows = [...summary.rows.subarray(0, summary.itemCount)];
  return { rows, slots: [0, 1, 2, 3].map((row) => summary.slotOf(row)), views: rows.map((_, i) => summary.views[i]) };
}

describe('the scratch of a profile', () => {
  it('tells the items of this profile from those of older ones', () => {
    const catalog = tinyCatalog();
    const summary = new ProfileSummary(catalog, 10);
    for (let read = 0; read < 12; read++) {
      const profile = PROFILES[read % PROFILES.length]!;
      const fresh = new ProfileSummary(catalog, 10);
      summary.read(profile, NOW_S);
      fresh.read(profile, NOW_S);
      expect(said(summary)).toEqual(said(fresh));
      expect(summary.itemCount).toBe(new Set(profile.rows).size);
    }
  });
});
