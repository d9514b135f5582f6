import type { Pool } from 'pg';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';

/** What a shown item earned, by events that name its slate. */
export type Reward = 'click' | 'add_to_cart' | 'purchase' | 'revenue';

export interface SlateRange {
  /** Unix seconds: from, and before. */
  readonly fromS: number;
  readonly untilS: number;
  /** Only what this experiment served as this variant; null: every slate. */
  readonly of: { readonly experiment: string; readonly variant: string } | null;
  readonly reward: Reward;
  /** An outcome counts when it comes so long after its slate at most. */
  readonly attributionHours: number;
  /** The newest, at most. */
  readonly slatesMax: number;
}

/** A slate of which at least one place was left to chance. */
export interface LoggedSlate {
  readonly requestId: string;
  readonly userId: string | null;
  readonly sessionId: string | null;
  readonly occurredAtS: number;
  readonly surface: string;
  readonly device: string;
  readonly category: string | null;
  readonly itemIds: readonly string[];
  readonly propensities: readonly number[];
  /** Parallel to the items. */
  readonly rewards: readonly number[];
}

const EVENT_OF: Readonly<Record<Reward, number>> = {
  click: EVENT_CODE.click,
  add_to_cart: EVENT_CODE.add_to_cart,
  purchase: EVENT_CODE.purchase,
  revenue: EVENT_CODE.purchase,
};

/** Interleaved ones are left out: their propensities are those of the two lists, not of the woven one. */
const SLATES = `
SELECT request_id AS "requestId", user_id AS "userId", session_id AS "sessionId",
  date_part('epoch', occurred_at) AS "occurredAtS", surface, device, category, item_ids AS "itemIds", propensities
FROM impressions i
WHERE occurred_at >= to_timestamp($1::float8) AND occurred_at < to_timestamp($2::float8) AND error IS NULL AND teams IS NULL
  AND EXISTS (SELECT FROM unnest(propensities) AS p WHERE p < 1)
  AND ($3::text IS NULL OR EXISTS (
    SELECT FROM slate_experiments x WHERE x.request_id = i.request_id AND x.experiment = $3 AND x.served = $4))
ORDER BY occurred_at DESC, request_id LIMIT $5`;

/** Outcomes that name a slate and come from the shopper who was shown it. */
const OUTCOMES = `
SELECT s.place::integer - 1 AS slate, e.item_id AS "itemId",
  sum(CASE WHEN $4 THEN coalesce(e.value, 0)::float8 * coalesce(e.quantity, 1)::float8 ELSE 1 END) AS reward
FROM unnest($1::text[], $2::text[], $3::float8[]) WITH ORDINALITY AS s(request_id, shopper, shown_s, place)
JOIN events e ON e.request_id = s.request_id
WHERE e.type = $5 AND e.occurred_at >= to_timestamp($6::float8) AND e.occurred_at <= to_timestamp($7::float8)
  AND date_part('epoch', e.occurred_at) BETWEEN s.shown_s AND s.shown_s + $8::float8
  AND s.shopper = CASE left(s.shopper, 2) WHEN 'u:' THEN 'u:' || e.user_id ELSE 's:' || e.session_id END
GROUP BY 1, 2`;

/** In the order of time. */
export async function readLoggedSlates(pool: Pool, range: SlateRange): Promise<readonly LoggedSlate[]> {
  const { fromS, untilS, of, reward, attributionHours, slatesMax } = range;
  const { rows: slates } = await pool.query<Omit<LoggedSlate, 'rewards'>>(SLATES, [
    ...[fromS, untilS, of?.experiment ?? null, of?.variant ?? null, slatesMax],
  ]);
  slates.reverse();
  const withinS = attributionHours * 3_600;
  const { rows: outcomes } = await pool.query<{ slate: number; itemId: string; reward: number }>(OUTCOMES, [
    slates.map(({ requestId }) => requestId),
    slates.map(({ userId, sessionId }) => (userId === null ? `s:${sessionId}` : `u:${userId}`)),
    slates.map(({ occurredAtS }) => occurredAtS),
    ...[reward === 'revenue', EVENT_OF[reward]],
    ...[slates[0]?.occurredAtS ?? 0, (slates.at(-1)?.occurredAtS ?? 0) + withinS, withinS],
  ]);
  const earned = slates.map(({ itemIds }) => itemIds.map(() => 0));
  for (const { slate, itemId, reward: gain } of outcomes) {
    const place = slates[slate]!.itemIds.indexOf(itemId);
    if (place >= 0) earned[slate]![place] = gain;
  }
  return slates.map((slate, i) => ({ ...slate, rewards: earned[i]! }));
}
