import type { Profile } from '../contracts/profile.ts';
import type { CandidateSet } from './candidate-set.ts';

/**
 * The candidate sources, in the order of their columns in a CandidateSet. `collaborative` and `content` sources share
 * the slate by the configured shares where no ranker decides; `prior` sources know nothing of the user.
 */
export const SOURCES = [
  { name: 'two_tower', kind: 'collaborative' },
  { name: 'co_visitation', kind: 'collaborative' },
  { name: 'item_item', kind: 'collaborative' },
  { name: 'ials', kind: 'collaborative' },
  { name: 'user_user', kind: 'collaborative' },
  { name: 'content', kind: 'content' },
  { name: 'category', kind: 'content' },
  { name: 'repeats', kind: 'personal' },
  { name: 'trending', kind: 'prior' },
  { name: 'popular', kind: 'prior' },
  { name: 'new_items', kind: 'prior' },
] as const;

export type SourceName = (typeof SOURCES)[number]['name'];
export const SOURCE_COUNT = SOURCES.length;
export const SOURCE_INDEX = Object.fromEntries(SOURCES.map((source, index) => [source.name, index])) as Record<
  SourceName,
  number
>;

/** What a source may look at. Rows, codes and times are those of the release that the source belongs to. */
export interface SourceQuery {
  readonly profile: Profile;
  /** Unix seconds. */
  readonly nowS: number;
  /** Category code asked for, or -1. */
  readonly category: number;
  /** `[d]`, unit; null when the profile is empty or the release has no towers. */
  readonly userVector: Float32Array | null;
  /** 1 = must not be returned, by row; null when nothing is excluded. */
  readonly excluded: Uint8Array | null;
}

/** One way to find candidates. Synchronous, allocates nothing per candidate, deterministic: ties by row. */
export interface CandidateSource {
  readonly name: SourceName;
  /** Adds at most `k` rows to `out` under this source's column, best first. Finding nothing is not an error. */
  retrieve(query: SourceQuery, k: number, out: CandidateSet): void;
  /**
   * Writes this source's score of every candidate in `out`, also of those that only others found; right after `retrieve`
   * for the same query. Ranks stay as they are. Absent where a source has no opinion of rows that it did not name.
   */
  score?(query: SourceQuery, out: CandidateSet): void;
}
