import type { FastStores } from '../fast-stores.ts';
import { MemoryAnswerCache } from './answer-cache.ts';
import { MemoryAssignmentSnapshots } from './assignment-snapshots.ts';
import { MemoryInvalidations } from './invalidations.ts';
import { MemoryLiveStream } from './live-stream.ts';
import { MemoryPrecomputedSlates } from './precomputed-slates.ts';
import { MemoryProfileCache } from './profile-cache.ts';

/** The fast stores of one dataset in memory: for unit tests. */
export function memoryFastStores(): FastStores {
  return {
    profiles: new MemoryProfileCache(),
    invalidations: new MemoryInvalidations(),
    live: new MemoryLiveStream(),
    answers: new MemoryAnswerCache(),
    slates: new MemoryPrecomputedSlates(),
    assignments: new MemoryAssignmentSnapshots(),
  };
}
