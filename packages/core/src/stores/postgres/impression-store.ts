import type { Impression, ImpressionStore } from '../impression-store.ts';
import { copyArray, copyRows, copyValue } from './copy.ts';
import { readCursor } from './cursor.ts';
import type { Session } from './session.ts';

const BATCH_MAX = 5_000;

const INCOMING = `CREATE TEMP TABLE IF NOT EXISTS incoming_impressions (
  request_id text, user_id text, session_id text, occurred_at_s float8, surface text, device text, category text,
  item_ids text[], propensities real[]
) ON COMMIT DELETE ROWS`;

const INSERT = `INSERT INTO impressions
  (request_id, user_id, session_id, occurred_at, surface, device, category, item_ids, propensities)
  SELECT request_id, user_id, session_id, to_timestamp(occurred_at_s), surface, device, category, item_ids, propensities
  FROM incoming_impressions
  ON CONFLICT (request_id) DO NOTHING`;

const COLUMNS = `request_id, user_id, session_id, date_part('epoch', occurred_at), surface, device, category, item_ids,
  propensities`;

const toCopyRow = (impression: Impression) =>
  [
    copyValue(impression.requestId),
    copyValue(impression.userId),
    copyValue(impression.sessionId),
    copyValue(impression.occurredAtS),
    copyValue(impression.surface),
    copyValue(impression.device),
    copyValue(impression.category),
    copyArray(impression.itemIds),
    copyArray(impression.propensities),
  ].join('\t');

type ImpressionRow = readonly [
  requestId: string,
  userId: string | null,
  sessionId: string | null,
  timeS: number,
  surface: string,
  device: string,
  category: string | null,
  itemIds: string[],
  propensities: number[],
];

const toImpression = (row: ImpressionRow): Impression => {
  const [requestId, userId, sessionId, occurredAtS, surface, device, category, itemIds, propensities] = row;
  return {
    requestId,
    userId,
    sessionId,
    occurredAtS,
    surface,
    device,
    category,
    itemIds,
    propensities: Float32Array.from(propensities),
  };
};

/** Shown slates in table `impressions`. */
export class PostgresImpressionStore implements ImpressionStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  append(impressions: readonly Impression[]) {
    return this.#session.transaction(async (client) => {
      await client.query(INCOMING);
      await client.query('TRUNCATE incoming_impressions');
      await copyRows(client, 'incoming_impressions', impressions, toCopyRow);
      const { rowCount } = await client.query(INSERT);
      const inserted = rowCount ?? 0;
      return { inserted, duplicates: impressions.length - inserted };
    });
  }

  async *stream({ beforeS = Infinity, batchMax = BATCH_MAX }: { beforeS?: number; batchMax?: number } = {}) {
    const text = `SELECT ${COLUMNS} FROM impressions WHERE occurred_at < to_timestamp($1::float8)
      ORDER BY occurred_at, request_id COLLATE "C"`;
    const batches = this.#session.snapshot((client) => readCursor(client, { text, values: [beforeS] }, batchMax));
    for await (const rows of batches) yield (rows as unknown as readonly ImpressionRow[]).map(toImpression);
  }

  async count(): Promise<number> {
    const { rows } = await this.#session.queryable.query<{ count: number }>('SELECT count(*)::float8 FROM impressions');
    return rows[0]!.count;
  }
}
