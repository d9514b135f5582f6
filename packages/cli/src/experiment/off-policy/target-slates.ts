import type { ParametersPatch } from '@shortlist/core/contracts/effective-parameters.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import type { ProfileUnit } from '@shortlist/core/stores/profile-store.ts';
import { createRecommender } from '@shortlist/serving/create-recommender.ts';
import type { Histories } from './histories.ts';
import type { LoggedSlate } from './logged-slates.ts';

export interface TargetPolicy {
  readonly release: LoadedRelease;
  /** Laid over the release's; its exploration is off. */
  readonly parameters: ParametersPatch;
}

const IN_FLIGHT = 32;
/** Nothing is shed and nobody waits too long here. */
const LIMITS = { deadlineMs: 60_000, batchRequestsMax: 32, batchRowsMax: 16_384, batchWaitMs: 0, queueMax: 256 };

/**
 * What the policy would have shown in place of each slate: the served stages in this process, with the shopper's history of
 * then, the time of then and what was logged of the request. Without chance: of a draw the answer says who was drawn, and
 * not who could have been. Lists of item ids, parallel to the slates, as long as these or shorter.
 */
export async function targetSlates(
  { release, parameters }: TargetPolicy,
  slates: readonly LoggedSlate[],
  histories: Histories,
  progress: (done: number) => void,
): Promise<readonly (readonly string[])[]> {
  const clock = { nowS: 0 };
  const recommender = createRecommender({
    releases: { current: release },
    profiles: histories,
    // A moment of the machine is an hour of the shop.
    profileCache: { ttlMs: 0, entriesMax: 1 },
    limits: LIMITS,
    parameters: { ...parameters, exploration: { slots: 0 } },
    nowS: () => clock.nowS,
  });
  const ask = async (slate: LoggedSlate): Promise<readonly string[]> => {
    const { userId, sessionId, surface, device, category, itemIds, occurredAtS, requestId } = slate;
    // Requests read the clock when they begin.
    clock.nowS = occurredAtS;
    const answer = await recommender.recommend(
      {
        ...(userId === null ? {} : { user_id: userId }),
        ...(sessionId === null ? {} : { session_id: sessionId }),
        num_items: itemIds.length,
        context: { surface, device, ...(category === null ? {} : { category }) },
      },
      requestId,
    );
    return answer.recommendations.map((item) => item.item_id);
  };
  try {
    const lists: (readonly string[])[] = [];
    while (lists.length < slates.length) {
      const together = firstApart(slates, lists.length);
      for (const slate of together) for (const unit of unitsOf(slate)) histories.standAt(unit, slate.occurredAtS);
      lists.push(...(await Promise.all(together.map(ask))));
      progress(lists.length);
    }
    return lists;
  } finally {
    await recommender.close();
  }
}

const unitsOf = ({ userId, sessionId }: LoggedSlate): ProfileUnit[] => [
  ...(userId === null ? [] : [{ userId }]),
  ...(sessionId === null ? [] : [{ sessionId }]),
];

/** The next slates of different shoppers: each of them stands at one moment. */
function firstApart(slates: readonly LoggedSlate[], from: number): LoggedSlate[] {
  const seen = new Set<string>();
  const apart: LoggedSlate[] = [];
  for (const slate of slates.slice(from, from + IN_FLIGHT)) {
    const names = [`u:${slate.userId}`, `s:${slate.sessionId}`].filter((name) => !name.endsWith(':null'));
    if (names.some((name) => seen.has(name))) break;
    for (const name of names) seen.add(name);
    apart.push(slate);
  }
  return apart;
}
