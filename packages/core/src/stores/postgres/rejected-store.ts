import {
  REJECTED_PAYLOAD_BYTES_MAX,
  type NewRejected,
  type Rejected,
  type RejectedFilter,
  type RejectedStore,
} from '../rejected-store.ts';
import type { Session } from './session.ts';

const ADD = `INSERT INTO rejected_events (source, stage, code, reason, payload)
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[])`;
const MATCHES = `($1::text IS NULL OR stage = $1) AND ($2::text IS NULL OR code = $2) AND ($3 OR replayed_at IS NULL)`;
const LIST = `SELECT id::float8 AS id, date_part('epoch', received_at) AS "receivedAtS", source, stage, code, reason,
  payload, date_part('epoch', replayed_at) AS "replayedAtS"
  FROM rejected_events WHERE ${MATCHES} AND id > $4 ORDER BY rejected_events.id LIMIT $5`;

const filterValues = ({ stage, code, replayed = false }: RejectedFilter) => [stage ?? null, code ?? null, replayed];

/** PostgreSQL's text has no NUL. */
const withoutNul = (text: string) => text.replaceAll('\0', '\ufffd');

/** Rejected events in table `rejected_events`. */
export class PostgresRejectedStore implements RejectedStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async add(rejected: readonly NewRejected[]): Promise<void> {
    if (rejected.length === 0) return;
    await this.#session.queryable.query(ADD, [
      rejected.map(({ source }) => source),
      rejected.map(({ stage }) => stage),
      rejected.map(({ code }) => code),
      rejected.map(({ reason }) => withoutNul(reason)),
      rejected.map(({ payload }) => Buffer.from(payload.subarray(0, REJECTED_PAYLOAD_BYTES_MAX))),
    ]);
  }

  async list(filter: RejectedFilter, afterId: number, max: number): Promise<readonly Rejected[]> {
    const { rows } = await this.#session.queryable.query<Rejected>(LIST, [...filterValues(filter), afterId, max]);
    return rows;
  }

  async markReplayed(ids: readonly number[]): Promise<void> {
    const text = 'UPDATE rejected_events SET replayed_at = now() WHERE id = ANY($1) AND replayed_at IS NULL';
    await this.#session.queryable.query(text, [ids]);
  }

  async count(filter: RejectedFilter = {}): Promise<number> {
    const text = `SELECT count(*)::float8 AS count FROM rejected_events WHERE ${MATCHES}`;
    const { rows } = await this.#session.queryable.query<{ count: number }>(text, filterValues(filter));
    return rows[0]!.count;
  }

  async prune(beforeS: number): Promise<number> {
    const text = 'DELETE FROM rejected_events WHERE received_at < to_timestamp($1::float8)';
    const { rowCount } = await this.#session.queryable.query(text, [beforeS]);
    return rowCount ?? 0;
  }
}
