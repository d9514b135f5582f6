import type { Pool } from 'pg';

export interface Shopper {
  readonly user_id: string;
  readonly label: string;
}

const BUSIEST = `
  WITH busiest AS (
    SELECT user_id, count(*) AS events FROM events WHERE user_id IS NOT NULL
    GROUP BY user_id ORDER BY events DESC, user_id LIMIT $1
  )
  SELECT b.user_id, b.events::int AS events, mode() WITHIN GROUP (ORDER BY i.category) AS category
  FROM busiest b JOIN events e USING (user_id) LEFT JOIN items i USING (item_id)
  GROUP BY b.user_id, b.events ORDER BY b.events DESC, b.user_id`;

/** Shoppers for the storefront's list, the busiest first, with what they mostly look at. */
export async function busiestShoppers(pool: Pool, max: number): Promise<Shopper[]> {
  const { rows } = await pool.query<{ user_id: string; events: number; category: string | null }>(BUSIEST, [max]);
  return rows.map(({ user_id, events, category }) => ({
    user_id,
    label: `${user_id}: ${events} events${category ? `, mostly ${category}` : ''}`,
  }));
}
