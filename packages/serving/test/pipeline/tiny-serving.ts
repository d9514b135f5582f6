import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EVENT_CODE, type EventType } from '@shortlist/core/contracts/events.ts';
import type { RecommendRequest } from '@shortlist/core/contracts/recommend.ts';
import { FEATURE_WIDTHS } from '@shortlist/core/features/definitions.ts';
import { BUILD_FEATURES } from '@shortlist/core/release/feature-schema.ts';
import { loadRelease } from '@shortlist/core/release/load-release.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import { Ranker } from '@shortlist/core/release/ranker.ts';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import type { KeyedProfileEvents, ProfileStore, ProfileUnit } from '@shortlist/core/stores/profile-store.ts';
import { buildTinyRelease, writeTinyRun } from '../../../core/test/release/tiny-run.ts';
import { randomRanker } from '../../bench/random-ranker.ts';
import { createRecommender, type PipelineRecommender } from '../../src/create-recommender.ts';
import type { RecommenderOptions } from '../../src/recommender-options.ts';

export const NOW_S = 1_700_000_000;
export const LIMITS = { deadlineMs: 10_000, batchRequestsMax: 32, batchRowsMax: 2048, batchWaitMs: 0, queueMax: 1000 };

/**
 * A real release of 60 items (books at even rows, games at odd ones, five brands, price 1 + row), built and loaded by the
 * release code, with the tiny towers and a random ranker of this build's feature widths. Another seed, another release.
 */
export async function openTinyRelease(seed = 1): Promise<LoadedRelease> {
  const folder = await mkdtemp(join(tmpdir(), 'tiny-serving-'));
  try {
    await writeTinyRun(join(folder, 'run'), seed, BUILD_FEATURES);
    const { dir } = await buildTinyRelease(join(folder, 'run'), join(folder, 'releases'), { features: BUILD_FEATURES });
    const release = await loadRelease(dir);
    const random = seededRandom(7);
    const itemFeatures = Float32Array.from({ length: release.catalog.count * FEATURE_WIDTHS.item }, () => random() * 2);
    const open = (precision: 'fp32' | 'int8') =>
      Ranker.open(randomRanker(precision, [32, 16]), precision, itemFeatures, FEATURE_WIDTHS);
    // Built without a ranker, the release says that none scores.
    const parameters = { ...release.parameters, precision: 'int8' as const };
    return { ...release, parameters, itemFeatures, ranker: { fp32: await open('fp32'), int8: await open('int8') } };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What each user or session did, newest last; `ago` in seconds before NOW_S. */
export type History = readonly { readonly item: string; readonly type: EventType; readonly ago: number }[];

export function profilesOf(histories: Readonly<Record<string, History>>): ProfileStore & { reads: number } {
  return {
    reads: 0,
    recent(unit: ProfileUnit, max: number): Promise<KeyedProfileEvents> {
      this.reads += 1;
      const events = (histories['userId' in unit ? unit.userId : unit.sessionId] ?? []).slice(-max);
      return Promise.resolve({
        keys: events.map(({ ago }) => ago.toString(16).padStart(16, '0')),
        itemIds: events.map(({ item }) => item),
        types: Uint8Array.from(events, ({ type }) => EVENT_CODE[type]),
        timesS: Float64Array.from(events, ({ ago }) => NOW_S - ago),
      });
    },
  };
}

export function recommenderOf(release: LoadedRelease, options: Partial<RecommenderOptions> = {}): PipelineRecommender {
  return createRecommender({
    releases: { current: release },
    profiles: null,
    limits: LIMITS,
    nowS: () => NOW_S,
    ...options,
  });
}

export async function slateOf(
  recommender: PipelineRecommender,
  request: Partial<RecommendRequest>,
  id = 'request-1',
): Promise<string[]> {
  const answer = await recommender.recommend({ num_items: 10, ...request }, id);
  return answer.recommendations.map(({ item_id }) => item_id);
}
