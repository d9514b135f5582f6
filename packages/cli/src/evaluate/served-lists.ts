import type { ParametersPatch } from '@shortlist/core/contracts/effective-parameters.ts';
import type { EvaluationMode } from '@shortlist/core/contracts/evaluation.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import { CUTOFFS } from '@shortlist/core/statistics/ranking-metrics.ts';
import type { ProfileStore } from '@shortlist/core/stores/profile-store.ts';
import { EMPTY_PROFILE_EVENTS } from '@shortlist/core/contracts/profile.ts';
import { createRecommender } from '@shortlist/serving/create-recommender.ts';
import type { RankedLists } from './score-system.ts';
import type { EvaluationUnit } from './unit.ts';

/** Requests asked at a time: enough for full batches, few enough for the queue. */
const IN_FLIGHT = 16;
/** Nothing is shed and nobody waits too long here: what is measured is the order, not the speed. */
const LIMITS = { deadlineMs: 60_000, batchRequestsMax: 16, batchRowsMax: 8_192, batchWaitMs: 0, queueMax: 256 };

/**
 * The slates that a pod with this release would have shown: the served stages in this process, with the units' histories
 * as profiles and the time of their requests as the clock. `parameters` lie over the release's, e.g. another precision.
 */
export async function rankServed(
  release: LoadedRelease,
  units: readonly EvaluationUnit[],
  mode: EvaluationMode,
  parameters: ParametersPatch,
  progress: (done: number) => void,
): Promise<RankedLists> {
  const clock = { nowS: 0 };
  const recommender = createRecommender({
    releases: { current: release },
    profiles: storeOf(units),
    limits: LIMITS,
    parameters,
    nowS: () => clock.nowS,
  });
  const lists = new Array<ArrayLike<number>>(units.length);
  const order = units.map((_, i) => i).sort((a, b) => units[a]!.requestS - units[b]!.requestS);
  try {
    for (let start = 0; start < order.length;) {
      // One clock for all that are asked together.
      clock.nowS = units[order[start]!]!.requestS;
      let end = start + 1;
      while (end < order.length && end - start < IN_FLIGHT && units[order[end]!]!.requestS === clock.nowS) end += 1;
      await Promise.all(
        order.slice(start, end).map(async (i) => {
          lists[i] = await ask(units[i]!);
        }),
      );
      start = end;
      progress(end);
    }
  } finally {
    await recommender.close();
  }
  return lists;

  async function ask(unit: EvaluationUnit): Promise<number[]> {
    const exclude = mode === 'new-only' ? [...unit.bought].map((row) => release.catalog.itemIds[row]!) : [];
    const answer = await recommender.recommend(
      {
        ...(unit.kind === 'user' ? { user_id: unit.id } : { session_id: unit.id }),
        num_items: Math.max(...CUTOFFS),
        context: { exclude },
      },
      `evaluate-${unit.id}`,
    );
    return answer.recommendations.map(({ item_id }) => release.catalog.rowOf(item_id));
  }
}

function storeOf(units: readonly EvaluationUnit[]): ProfileStore {
  const histories = new Map(units.map((unit) => [`${unit.kind}:${unit.id}`, unit.history]));
  return {
    recent: (unit, max) => {
      const key = 'userId' in unit ? `user:${unit.userId}` : `session:${unit.sessionId}`;
      const history = histories.get(key) ?? EMPTY_PROFILE_EVENTS;
      const from = Math.max(0, history.itemIds.length - max);
      return Promise.resolve({
        itemIds: history.itemIds.slice(from),
        types: history.types.slice(from),
        timesS: history.timesS.slice(from),
        // No copy is kept here: any distinct names will do.
        keys: history.itemIds.slice(from).map((_, i) => (from + i).toString(16).padStart(16, '0')),
      });
    },
  };
}
