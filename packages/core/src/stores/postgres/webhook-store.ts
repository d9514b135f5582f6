import type { StockedVariant, StockLevel, WebhookStore } from '../webhook-store.ts';
import type { Session } from './session.ts';

const REPLACE_VARIANTS = `INSERT INTO stocked_variants (inventory_item_id, item_id, counted, quantity)
  SELECT given.id, $1, given.counted, given.quantity
  FROM unnest($2::text[], $3::boolean[], $4::integer[]) AS given (id, counted, quantity)
  ON CONFLICT (inventory_item_id) DO UPDATE
    SET item_id = excluded.item_id, counted = excluded.counted, quantity = excluded.quantity`;

const PUT_LEVEL = `INSERT INTO stock_levels (inventory_item_id, location_id, available, updated_at)
  VALUES ($1, $2, $3, to_timestamp($4::float8))
  ON CONFLICT (inventory_item_id, location_id) DO UPDATE
    SET available = excluded.available, updated_at = excluded.updated_at
    WHERE stock_levels.updated_at <= excluded.updated_at`;

/** A variant that no place has told a level of counts by the product's own account. */
const STOCK = `SELECT count(*)::int AS variants, bool_or(NOT counted) AS endless,
    sum(greatest(0, coalesce(told.available, quantity)))::float8 AS pieces
  FROM stocked_variants LEFT JOIN (
    SELECT inventory_item_id, sum(available) AS available FROM stock_levels GROUP BY inventory_item_id
  ) AS told USING (inventory_item_id)
  WHERE item_id = $1`;

/** Webhooks' memory in tables `webhook_receipts`, `stocked_variants` and `stock_levels`. */
export class PostgresWebhookStore implements WebhookStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async claim(webhookId: string): Promise<boolean> {
    const text = 'INSERT INTO webhook_receipts (webhook_id) VALUES ($1) ON CONFLICT DO NOTHING';
    const { rowCount } = await this.#session.queryable.query(text, [webhookId]);
    return rowCount === 1;
  }

  async pruneClaims(beforeS: number): Promise<number> {
    const text = 'DELETE FROM webhook_receipts WHERE received_at < to_timestamp($1::float8)';
    const { rowCount } = await this.#session.queryable.query(text, [beforeS]);
    return rowCount ?? 0;
  }

  putVariants(itemId: string, variants: readonly StockedVariant[]): Promise<void> {
    return this.#session.transaction(async (client) => {
      const ids = variants.map(({ inventoryItemId }) => inventoryItemId);
      await client.query('DELETE FROM stocked_variants WHERE item_id = $1 AND inventory_item_id <> ALL ($2)', [
        itemId,
        ids,
      ]);
      await client.query(REPLACE_VARIANTS, [
        itemId,
        ids,
        variants.map(({ counted }) => counted),
        variants.map(({ quantity }) => quantity),
      ]);
    });
  }

  async putLevel({ inventoryItemId, locationId, available, updatedAtS }: StockLevel): Promise<string | undefined> {
    await this.#session.queryable.query(PUT_LEVEL, [inventoryItemId, locationId, available, updatedAtS]);
    const { rows } = await this.#session.queryable.query<{ item_id: string }>(
      'SELECT item_id FROM stocked_variants WHERE inventory_item_id = $1',
      [inventoryItemId],
    );
    return rows[0]?.item_id;
  }

  async stockOf(itemId: string): Promise<number | null> {
    const { rows } = await this.#session.queryable.query<{
      variants: number;
      endless: boolean | null;
      pieces: number | null;
    }>(STOCK, [itemId]);
    const { variants, endless, pieces } = rows[0]!;
    return variants === 0 || endless === true ? null : (pieces ?? 0);
  }
}
