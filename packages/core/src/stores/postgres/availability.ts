import type { Pool } from 'pg';

const UNAVAILABLE_SINCE = `SELECT item_id FROM items
  WHERE item_id = ANY($1::text[]) AND NOT available AND updated_at < clock_timestamp() - make_interval(secs => $2)`;

/** What the catalogue says of availability in the past, by the clock of the database alone. */
export class PostgresAvailability {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Those of `itemIds` that are not available and have not changed in the last `agoS` seconds. */
  async unavailableSince(itemIds: readonly string[], agoS: number): Promise<readonly string[]> {
    const { rows } = await this.#pool.query<{ item_id: string }>(UNAVAILABLE_SINCE, [itemIds, agoS]);
    return rows.map(({ item_id }) => item_id);
  }
}
