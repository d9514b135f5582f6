import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { PoolClient } from 'pg';
import { EVENT_CODE } from '../../contracts/events.ts';
import type { LogOffsets } from '../../contracts/log.ts';
import type { ItemAttributes } from '../item-store.ts';
import type {
  ErasureReceipt,
  ErasureResult,
  ExportedEvent,
  MergeResult,
  UserRecord,
  UserStore,
} from '../user-store.ts';
import { ANALYSIS_LOCK } from './analysis-lock.ts';
import { readCursor } from './cursor.ts';
import { completeErasures } from './complete-erasures.ts';
import { namesInPayload } from '../named-in-payload.ts';
import { retractionsOf, type RetractedEvent } from '../retractions.ts';
import type { Session } from './session.ts';

const PUT = `INSERT INTO users (user_id, attributes)
  SELECT user_id, attributes FROM json_to_recordset($1) AS t(user_id text, attributes jsonb) ORDER BY user_id
  ON CONFLICT (user_id) DO UPDATE SET attributes = excluded.attributes, updated_at = now()`;

const EXPORT = `SELECT event_id, type, custom_type, item_id, session_id, date_part('epoch', occurred_at),
  date_part('epoch', received_at), value, quantity, query, surface, device, request_id, position
  FROM events WHERE user_id = $1 ORDER BY occurred_at, seq`;

type ExportRow = readonly [
  eventId: string,
  type: number,
  customType: string | null,
  itemId: string,
  sessionId: string | null,
  occurredAtS: number,
  receivedAtS: number,
  value: number | null,
  quantity: number | null,
  query: string | null,
  surface: string | null,
  device: string | null,
  requestId: string | null,
  position: number | null,
];

const toExported = (row: ExportRow): ExportedEvent => ({
  eventId: row[0],
  type: row[1],
  customType: row[2],
  itemId: row[3],
  sessionId: row[4],
  occurredAtS: row[5],
  receivedAtS: row[6],
  value: row[7],
  quantity: row[8],
  query: row[9],
  surface: row[10],
  device: row[11],
  requestId: row[12],
  position: row[13],
});

/** The user's sessions: those that became theirs, and those in which they were known. */
const SESSIONS = `SELECT session_id FROM session_users WHERE user_id = $1
  UNION SELECT session_id FROM events WHERE user_id = $1 AND session_id IS NOT NULL
  UNION SELECT session_id FROM impressions WHERE user_id = $1 AND session_id IS NOT NULL`;

const DELETE_EVENTS = `DELETE FROM events
  WHERE user_id = $1 OR (user_id IS NULL AND session_id = ANY($2))
  RETURNING event_key, item_id, type, date_part('epoch', occurred_at), user_id, session_id`;

/** Slates count as impressions of their items, as when the counters are made anew. */
const DELETE_SLATES = `DELETE FROM impressions
  WHERE user_id = $1 OR (user_id IS NULL AND session_id = ANY($2))
  RETURNING item_ids, date_part('epoch', occurred_at), request_id`;

/** Rows by table that an erasure removes besides those of events and slates; $1 user, $2 sessions. */
const DELETES: readonly (readonly [table: string, condition: string])[] = [
  ['users', 'user_id = $1'],
  ['session_users', 'user_id = $1 OR session_id = ANY($2)'],
];

/** A session's days stay where somebody else was active in it as well. */
const DELETE_UNIT_DAYS = `DELETE FROM unit_days WHERE unit = ANY($1) AND NOT EXISTS (
  SELECT FROM events WHERE unit LIKE 's:%' AND session_id = substring(unit FROM 3)
    AND occurred_at >= day::timestamp AT TIME ZONE 'UTC' AND occurred_at < (day + 1)::timestamp AT TIME ZONE 'UTC')`;

const DELETE_REJECTED = `DELETE FROM rejected_events
  WHERE EXISTS (SELECT FROM unnest($1::bytea[]) AS named WHERE position(named IN payload) > 0)
    OR encode(payload, 'escape') ~ $2`;

const SELECT_RECEIPT = `SELECT receipt, date_part('epoch', requested_at) AS "requestedAtS",
  date_part('epoch', completed_at) AS "completedAtS", counts FROM erasures`;

const removed = async (client: PoolClient, fromWhere: string, values: readonly string[]): Promise<number> =>
  (await client.query(`DELETE FROM ${fromWhere}`, [values])).rowCount ?? 0;

/** Shoppers in tables `users`, `session_users` and `erasures`, and their rows everywhere else. */
export class PostgresUserStore implements UserStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async put(users: readonly UserRecord[]): Promise<void> {
    const last = new Map(users.map(({ userId, attributes }) => [userId, { user_id: userId, attributes }]));
    await this.#session.queryable.query(PUT, [JSON.stringify([...last.values()])]);
  }

  async get(userId: string): Promise<UserRecord | undefined> {
    const text = 'SELECT attributes FROM users WHERE user_id = $1';
    const { rows } = await this.#session.queryable.query<{ attributes: ItemAttributes }>(text, [userId]);
    return rows[0] === undefined ? undefined : { userId, attributes: rows[0].attributes };
  }

  merge(sessionId: string, userId: string): Promise<MergeResult> {
    return this.#session.transaction(async (client) => {
      await client.query(
        `INSERT INTO session_users (session_id, user_id) VALUES ($1, $2)
         ON CONFLICT (session_id) DO UPDATE SET user_id = excluded.user_id, merged_at = now()`,
        [sessionId, userId],
      );
      await client.query(
        "INSERT INTO unit_days SELECT 'u:' || $2, day FROM unit_days WHERE unit = 's:' || $1 ON CONFLICT DO NOTHING",
        [sessionId, userId],
      );
      const { rows } = await client.query<{ item_id: string; type: number }>(
        'UPDATE events SET user_id = $2 WHERE session_id = $1 AND user_id IS NULL RETURNING item_id, type',
        [sessionId, userId],
      );
      await client.query('UPDATE impressions SET user_id = $2 WHERE session_id = $1 AND user_id IS NULL', [
        sessionId,
        userId,
      ]);
      const bought = rows.filter(({ type }) => type === EVENT_CODE.purchase).map(({ item_id }) => item_id);
      return { events: rows.length, payload: { sessionId, userId, boughtItemIds: [...new Set(bought)].sort() } };
    });
  }

  erase(userId: string): Promise<ErasureResult> {
    return this.#session.transaction(async (client) => {
      await client.query('SELECT pg_advisory_xact_lock_shared($1)', [ANALYSIS_LOCK]);
      const sessions = await client.query<{ session_id: string }>(SESSIONS, [userId]);
      const sessionIds = sessions.rows.map(({ session_id }) => session_id);
      const counts: Record<string, number> = {};
      const events = await client.query<
        [key: string, itemId: string, type: number, timeS: number, userId: string | null, sessionId: string]
      >({ text: DELETE_EVENTS, values: [userId, sessionIds], rowMode: 'array' });
      counts.events = events.rows.length;
      const keys = events.rows.map(([key]) => key);
      counts.event_keys =
        (await client.query('DELETE FROM event_keys WHERE event_key = ANY($1)', [keys])).rowCount ?? 0;
      const slates = await client.query<[itemIds: string[], timeS: number, requestId: string]>({
        text: DELETE_SLATES,
        values: [userId, sessionIds],
        rowMode: 'array',
      });
      counts.impressions = slates.rows.length;
      const requests = slates.rows.map(([, , requestId]) => requestId);
      counts.slate_experiments = await removed(client, 'slate_experiments WHERE request_id = ANY($1)', requests);
      for (const [table, condition] of DELETES) {
        const values = condition.includes('$2') ? [userId, sessionIds] : [userId];
        counts[table] = (await client.query(`DELETE FROM ${table} WHERE ${condition}`, values)).rowCount ?? 0;
      }
      const units = [`u:${userId}`, ...sessionIds.map((id) => `s:${id}`)];
      const names = namesInPayload([userId, ...sessionIds]);
      const rejected = await client.query(DELETE_REJECTED, [
        names.texts.map((text) => Buffer.from(text)),
        names.numbers,
      ]);
      counts.rejected_events = rejected.rowCount ?? 0;
      counts.exposures = await removed(client, 'exposures WHERE unit = ANY($1)', units);
      counts.analysis_units = await removed(client, 'analysis_units WHERE unit = ANY($1)', units);
      counts.unit_days = (await client.query(DELETE_UNIT_DAYS, [units])).rowCount ?? 0;
      const receipt = await this.#receipt(client, userId, units, counts);
      const retracted = events.rows.map(([, itemId, type, timeS, user, session]): RetractedEvent => ({
        itemId,
        type,
        timeS,
        unit: user === null ? `s:${session}` : `u:${user}`,
      }));
      const shown = slates.rows.flatMap(([itemIds, timeS]) =>
        itemIds.map((itemId): RetractedEvent => ({ itemId, type: EVENT_CODE.impression, timeS, unit: `u:${userId}` })),
      );
      // Nothing of these units is left, so no purchase takes the place of an erased one.
      return { receipt, units, retractions: retractionsOf([...retracted, ...shown], () => null) };
    });
  }

  async #receipt(
    client: PoolClient,
    userId: string,
    units: readonly string[],
    counts: Readonly<Record<string, number>>,
  ): Promise<ErasureReceipt> {
    const receipt = randomUUID();
    const salt = randomBytes(16);
    const digest = createHash('sha256').update(salt).update(userId).digest();
    // What consumers have to pass: everything that was told until now.
    const { rows } = await client.query<{ offsets: LogOffsets | null }>(
      `SELECT jsonb_object_agg(writer, batch) AS offsets
       FROM (SELECT writer, max(batch) AS batch FROM log_batches GROUP BY writer) told`,
    );
    const pending = JSON.stringify({ units, offsets: rows[0]!.offsets ?? {} });
    await client.query(
      'INSERT INTO erasures (receipt, user_digest, salt, counts, pending) VALUES ($1, $2, $3, $4, $5)',
      [receipt, digest, salt, JSON.stringify(counts), pending],
    );
    const stored = await client.query<ErasureReceipt>(`${SELECT_RECEIPT} WHERE receipt = $1`, [receipt]);
    return stored.rows[0]!;
  }

  completeErasures(consumers?: Readonly<Record<string, LogOffsets>>): Promise<readonly ErasureReceipt[]> {
    return this.#session.transaction(async (client) => {
      const completed = await completeErasures(client, consumers);
      if (completed.length === 0) return [];
      const { rows } = await client.query<ErasureReceipt>(`${SELECT_RECEIPT} WHERE receipt = ANY($1)`, [completed]);
      return rows;
    });
  }

  async erasure(receipt: string): Promise<ErasureReceipt | undefined> {
    const { rows } = await this.#session.queryable.query<ErasureReceipt>(
      `${SELECT_RECEIPT} WHERE receipt::text = lower($1)`,
      [receipt],
    );
    return rows[0];
  }

  async *exportEvents(userId: string, batchMax = 5_000) {
    const query = { text: EXPORT, values: [userId] };
    for await (const rows of this.#session.snapshot((client) => readCursor(client, query, batchMax)))
      yield (rows as unknown as readonly ExportRow[]).map(toExported);
  }
}
