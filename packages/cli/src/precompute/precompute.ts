import type { Pool } from 'pg';
import type { RecommendResponse } from '@shortlist/core/contracts/recommend.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import { activeUnits } from '@shortlist/core/stores/postgres/active-units.ts';
import type { PrecomputedSlates } from '@shortlist/core/stores/precomputed-slates.ts';
import type { TransactionalStores } from '@shortlist/core/stores/stores.ts';
import { createRecommender, type PipelineRecommender } from '@shortlist/serving/create-recommender.ts';
import { inParallel, ProfilesAhead } from '../workspace/profiles-ahead.ts';
import type { SlateFile } from './slate-file.ts';

/** One line of the file, and what `recommendations:user:<id>` holds. */
export interface PrecomputedSlate {
  readonly user_id: string;
  readonly items: readonly { readonly item_id: string; readonly score: number }[];
  readonly tier: string;
  readonly model_version: string;
  /** ISO-8601, UTC. */
  readonly made_at: string;
}

export interface PrecomputeOptions {
  readonly pool: Pool;
  readonly stores: TransactionalStores;
  readonly release: LoadedRelease;
  readonly file: SlateFile;
  /** Where the slates are put as well, for `ttlS` seconds. */
  readonly slates?: PrecomputedSlates;
  readonly ttlS: number;
  readonly slots: number;
  /** Users who were active on or after this day (`YYYY-MM-DD`). */
  readonly fromDate: string;
  readonly nowS: () => number;
  readonly progress: (users: number) => void;
}

const USERS_PER_BATCH = 512;
/** Nothing is shed and nobody waits too long here. */
const LIMITS = { deadlineMs: 60_000, batchRequestsMax: 32, batchRowsMax: 16_384, batchWaitMs: 0, queueMax: 1_024 };

/**
 * Ranks users through the served stages, in the order of their ids, into the file and the slates. What was done before
 * an interruption is not done again.
 */
export async function precompute(options: PrecomputeOptions): Promise<void> {
  const { pool, stores, release, file, slates, ttlS, fromDate } = options;
  await takeAvailability(release, stores);
  const profiles = new ProfilesAhead(stores.profiles);
  const recommender = createRecommender({
    releases: { current: release },
    profiles,
    limits: LIMITS,
    nowS: options.nowS,
  });
  try {
    const batches = activeUnits(pool, {
      // Users lie behind sessions in byte order, and nothing behind users.
      after: file.progress.lastUnit === '' ? 'u:' : file.progress.lastUnit,
      fromDate,
      batchMax: USERS_PER_BATCH,
    });
    for await (const units of batches) {
      const userIds = units.map((unit) => unit.slice(2));
      await profiles.read(userIds, release.parameters.profileEventsMax);
      const made = await rank(recommender, userIds, options);
      await slates?.write(new Map(made.map((slate) => [slate.user_id, JSON.stringify(slate)])), ttlS);
      await file.append(
        made.map((slate) => JSON.stringify(slate)),
        units.at(-1)!,
      );
      options.progress(file.progress.users);
    }
  } finally {
    await recommender.close();
  }
}

/** The catalogue as it is now: the release's is of the time it was made. */
async function takeAvailability({ catalog }: LoadedRelease, { items }: TransactionalStores): Promise<void> {
  for await (const batch of items.snapshot()) {
    for (const { itemId, available } of batch) {
      const row = catalog.rowOf(itemId);
      if (row >= 0) catalog.available[row] = available ? 1 : 0;
    }
  }
}

async function rank(
  recommender: PipelineRecommender,
  userIds: readonly string[],
  { slots, nowS }: PrecomputeOptions,
): Promise<PrecomputedSlate[]> {
  const made = new Array<PrecomputedSlate>(userIds.length);
  await inParallel(userIds, async (userId, i) => {
    const answer = await recommender.recommend({ user_id: userId, num_items: slots }, `precompute-${userId}`);
    made[i] = slateOf(userId, answer, nowS());
  });
  return made;
}

function slateOf(userId: string, answer: RecommendResponse, nowS: number): PrecomputedSlate {
  return {
    user_id: userId,
    items: answer.recommendations.map(({ item_id, score }) => ({ item_id, score })),
    tier: answer.tier,
    model_version: answer.model_version,
    made_at: new Date(nowS * 1000).toISOString(),
  };
}
