import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import type { RecommendRequest } from '@shortlist/core/contracts/recommend.ts';
import { loadRelease } from '@shortlist/core/release/load-release.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import type { ProfileStore } from '@shortlist/core/stores/profile-store.ts';
import type { PipelineObserver } from '../../src/recommender.ts';
import { NOW_S, openTinyRelease, recommenderOf } from '../pipeline/tiny-serving.ts';

/** A release folder to test instead of the tiny one, e.g. `.shortlist/datasets/demo/releases/<id>` after training. */
const RELEASE_DIR = process.env.SHORTLIST_TEST_RELEASE;
const MIXES = 1000;
const REQUESTS = 60;

let release: LoadedRelease;
beforeAll(async () => {
  release = RELEASE_DIR === undefined ? await openTinyRelease() : await loadRelease(RELEASE_DIR);
});
afterAll(() => release.close());

/** Users of every profile length, events drawn from the whole catalogue. */
function randomProfiles(random: () => number): ProfileStore {
  const { itemIds } = release.catalog;
  const types = [EVENT_CODE.view, EVENT_CODE.add_to_cart, EVENT_CODE.purchase];
  const profiles = Array.from({ length: REQUESTS }, (_, user) => {
    const length = user % 7 === 0 ? 0 : 1 + Math.floor(random() * 99);
    return {
      itemIds: Array.from({ length }, () => itemIds[Math.floor(random() * itemIds.length)]!),
      types: Uint8Array.from({ length }, () => types[Math.floor(random() * 3)]!),
      timesS: Float64Array.from({ length }, (_, i) => NOW_S - (length - i) * 3000 * random()).sort(),
      keys: Array.from({ length }, (_, i) => String(i)),
    };
  });
  return { recent: (unit) => Promise.resolve(profiles['userId' in unit ? Number(unit.userId) : 0]!) };
}

function randomRequests(random: () => number): RecommendRequest[] {
  const { categories } = release.catalog;
  return Array.from({ length: REQUESTS }, (_, user) => ({
    user_id: String(user),
    num_items: 1 + Math.floor(random() * 40),
    context: {
      device: random() < 0.5 ? 'mobile' : 'desktop',
      ...(random() < 0.3 ? { category: categories[Math.floor(random() * categories.length)]! } : {}),
    },
  }));
}

describe('batch-mates', () => {
  it.each(['int8', 'fp32'] as const)(
    `never change a score: ${MIXES} random mixes, equal to the last bit to those computed alone (%s)`,
    async (precision) => {
      const random = seededRandom(2026);
      const sizes: number[] = [];
      const observer: PipelineObserver = {
        batch: (requests) => sizes.push(requests),
        queueDepth: () => undefined,
        queued: () => undefined,
        profileRead: () => undefined,
        answerCache: () => undefined,
      };
      const recommender = recommenderOf(release, {
        profiles: randomProfiles(random),
        profileCache: { ttlMs: 3_600_000, entriesMax: 1000 },
        // Small candidate sets, so that many requests fit into the rows of one batch.
        parameters: { precision, candidatesMax: 60 },
        observer,
      });
      const requests = randomRequests(random);
      const alone: unknown[] = [];
      for (const [i, request] of requests.entries()) alone.push(await scoresOf(request, i));
      expect(sizes.every((size) => size === 1)).toBe(true);

      async function scoresOf(request: RecommendRequest, i: number): Promise<unknown> {
        const { recommendations, degraded } = await recommender.recommend(request, `request-${i}`);
        expect(degraded).not.toContain('rank');
        // Number comparison by value of float32 widened to double: equal exactly where the bits are.
        return recommendations.map(({ item_id, score }) => [item_id, score]);
      }
      for (let mix = 0; mix < MIXES; mix++) {
        const chosen = Array.from({ length: 1 + Math.floor(random() * 8) }, () => Math.floor(random() * REQUESTS));
        const together = await Promise.all(chosen.map((i) => scoresOf(requests[i]!, i)));
        expect(together).toEqual(chosen.map((i) => alone[i]));
      }
      expect(sizes.filter((size) => size > 1).length).toBeGreaterThan(MIXES / 2);
    },
    300_000,
  );
});
