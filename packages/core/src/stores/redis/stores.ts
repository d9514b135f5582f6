import type { FastStores } from '../fast-stores.ts';
import { RedisAnswerCache } from './answer-cache.ts';
import { RedisAssignmentSnapshots } from './assignment-snapshots.ts';
import type { RedisConnection } from './connection.ts';
import { RedisInvalidations } from './invalidations.ts';
import { RedisLiveStream } from './live-stream.ts';
import { RedisPrecomputedSlates } from './precomputed-slates.ts';
import { RedisProfileCache } from './profile-cache.ts';

/** The fast stores of the dataset that `connection` is of. Works on Redis 7.0 and newer and on Valkey. */
export function redisStores(connection: RedisConnection): FastStores {
  return {
    profiles: new RedisProfileCache(connection),
    invalidations: new RedisInvalidations(connection),
    live: new RedisLiveStream(connection),
    answers: new RedisAnswerCache(connection),
    slates: new RedisPrecomputedSlates(connection),
    assignments: new RedisAssignmentSnapshots(connection),
  };
}
