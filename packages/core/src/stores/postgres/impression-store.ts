import type { LogOffsets } from '../../contracts/log.ts';
import type { LogPlace } from '../event-log.ts';
import type { Impression, ImpressionStore, RecordedSlate, StoredSlateExperiment } from '../impression-store.ts';
import { copyArray, copyRows, copyValue } from './copy.ts';
import { readCursor } from './cursor.ts';
import { recordSlates } from './record-slates.ts';
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

const EXPERIMENTS_AFTER = `SELECT writer::float8 AS writer, batch::float8 AS batch, request_id, experiment, version, unit,
  assigned, served, phase, differs, date_part('epoch', occurred_at), items, tier, degraded, failed, latency_ms, sampled
  FROM slate_experiments_after($1) ORDER BY writer, batch`;

type SlateExperimentRow = readonly [
  writer: number,
  batch: number,
  requestId: string,
  experiment: string,
  version: number,
  unit: string,
  assigned: string,
  served: string,
  phase: number,
  differs: boolean | null,
  occurredAtS: number,
  items: number,
  tier: string,
  degraded: boolean,
  failed: boolean,
  latencyMs: number,
  sampled: number,
];

function toSlateExperiment(row: SlateExperimentRow): StoredSlateExperiment {
  return {
    writer: row[0],
    batch: row[1],
    requestId: row[2],
    experiment: row[3],
    version: row[4],
    unit: row[5],
    assigned: row[6],
    served: row[7],
    phase: row[8],
    differs: row[9],
    occurredAtS: row[10],
    items: row[11],
    tier: row[12],
    degraded: row[13],
    failed: row[14],
    latencyMs: row[15],
    sampled: row[16],
  };
}

/** Answers in table `impressions`, and as their experiments see them in `slate_experiments`. */
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

  record(slates: readonly RecordedSlate[], place: LogPlace): Promise<Uint8Array> {
    return recordSlates(this.#session, slates, place);
  }

  async *stream({ beforeS = Infinity, batchMax = BATCH_MAX }: { beforeS?: number; batchMax?: number } = {}) {
    const text = `SELECT ${COLUMNS} FROM impressions WHERE error IS NULL AND occurred_at < to_timestamp($1::float8)
      ORDER BY occurred_at, request_id COLLATE "C"`;
    const batches = this.#session.snapshot((client) => readCursor(client, { text, values: [beforeS] }, batchMax));
    for await (const rows of batches) yield (rows as unknown as readonly ImpressionRow[]).map(toImpression);
  }

  async *experimentsAfter(offsets: LogOffsets) {
    const query = { text: EXPERIMENTS_AFTER, values: [JSON.stringify(offsets)] };
    for await (const rows of this.#session.snapshot((client) => readCursor(client, query, BATCH_MAX)))
      yield (rows as unknown as readonly SlateExperimentRow[]).map(toSlateExperiment);
  }

  async count(): Promise<number> {
    const text = 'SELECT count(*)::float8 FROM impressions WHERE error IS NULL';
    const { rows } = await this.#session.queryable.query<{ count: number }>(text);
    return rows[0]!.count;
  }
}
