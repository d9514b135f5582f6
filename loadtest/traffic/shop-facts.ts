import type { Pool } from 'pg';

/** Enough that the tail of rare users is there, few enough to hold in memory. */
const USERS_MAX = 50_000;
const ITEMS_MAX = 5_000;
const CATEGORIES_MAX = 200;

/** Who comes to the shop and what is there, as the data has it. */
export interface ShopFacts {
  /** Where it is from, for the report. */
  readonly source: string;
  /** The busiest first, with how many events each has. */
  readonly users: readonly (readonly [id: string, events: number])[];
  /** Items that can be bought, the busiest first. */
  readonly items: readonly string[];
  readonly categories: readonly string[];
}

/** Reads it from the dataset's database; the log is read once. */
export async function shopFacts(pool: Pool, source: string): Promise<ShopFacts> {
  const users = await pool.query<{ user_id: string; events: number }>(
    `SELECT user_id, count(*)::int AS events FROM events WHERE user_id IS NOT NULL
     GROUP BY user_id ORDER BY events DESC, user_id LIMIT $1`,
    [USERS_MAX],
  );
  const items = await pool.query<{ item_id: string }>(
    `SELECT i.item_id FROM items i LEFT JOIN (SELECT item_id, count(*) AS events FROM events GROUP BY item_id) e USING (item_id)
     WHERE i.available ORDER BY e.events DESC NULLS LAST, i.item_id LIMIT $1`,
    [ITEMS_MAX],
  );
  const categories = await pool.query<{ category: string }>(
    `SELECT category FROM items WHERE available AND category <> '' GROUP BY category ORDER BY count(*) DESC, category LIMIT $1`,
    [CATEGORIES_MAX],
  );
  return {
    source,
    users: users.rows.map(({ user_id, events }) => [user_id, events] as const),
    items: items.rows.map(({ item_id }) => item_id),
    categories: categories.rows.map(({ category }) => category),
  };
}

/**
 * Users from a file, one a line, `id` or `id<tab>events`, for a target whose database is not at hand. Without counts the
 * n-th user of the file comes 1/n as often as the first (Zipf, exponent 1).
 */
export function usersFromText(text: string, source: string): ShopFacts {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const users = lines.map((line, i) => {
    const [id, events] = line.split('\t');
    const count = events === undefined ? lines.length / (i + 1) : Number(events);
    if (!(count > 0)) throw new Error(`${source}, line ${i + 1}: '${events}' is no number of events`);
    return [id!.trim(), count] as const;
  });
  return { source, users, items: [], categories: [] };
}
