import type { AnswerCache } from './answer-cache.ts';
import type { AssignmentSnapshots } from './assignment-snapshots.ts';
import type { Invalidations } from './invalidations.ts';
import type { LiveStream } from './live-stream.ts';
import type { PrecomputedSlates } from './precomputed-slates.ts';
import type { ProfileCacheStore } from './profile-cache.ts';

/** What lies in Redis about one dataset: copies, notices and answers, all of which may be lost at any time. */
export interface FastStores {
  readonly profiles: ProfileCacheStore;
  readonly invalidations: Invalidations;
  readonly live: LiveStream;
  readonly answers: AnswerCache;
  readonly slates: PrecomputedSlates;
  readonly assignments: AssignmentSnapshots;
}
