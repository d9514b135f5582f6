import type { LogOffsets } from '../../contracts/log.ts';
import type { LogBatch, LogTail } from '../log-tail.ts';
import { toLogBatch, type LogRow } from './log-messages.ts';
import type { Session } from './session.ts';

/** Most batches of one writer in one read. */
const BATCHES_MAX = 200;

/**
 * Per writer an index range behind its offset. The writers take turns (round r holds everybody's r-th batch) until about
 * the wanted number of events is there; only then are the payloads fetched.
 */
const READ = {
  name: 'log_tail',
  text: `WITH offsets AS (SELECT key::bigint AS writer, value::bigint AS batch FROM jsonb_each_text($1::jsonb)),
next AS (
  SELECT b.writer, b.batch, b.count, row_number() OVER (PARTITION BY b.writer ORDER BY b.batch) AS round
  FROM log_writers w LEFT JOIN offsets o ON o.writer = w.writer
  CROSS JOIN LATERAL (
    SELECT writer, batch, count FROM log_batches
    WHERE writer = w.writer AND batch > coalesce(o.batch, 0) ORDER BY batch LIMIT ${BATCHES_MAX}
  ) b
), counted AS (
  SELECT writer, batch, round, sum(count) OVER (ORDER BY round, writer ROWS UNBOUNDED PRECEDING) - count AS before FROM next
)
SELECT b.writer, b.batch, b.kind, date_part('epoch', b.created_at) AS created_at_s, b.count, b.payload, b.skipped
FROM counted c JOIN log_batches b ON b.writer = c.writer AND b.batch = c.batch
WHERE c.before < $2 ORDER BY c.round, c.writer`,
};

const NOW = `SELECT writer::text, (SELECT max(batch) FROM log_batches b WHERE b.writer = w.writer)::float8 AS batch
  FROM log_writers w`;

/** The log by writer, from table `log_batches`. */
export class PostgresLogTail implements LogTail {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async read(offsets: LogOffsets, eventsMax: number): Promise<readonly LogBatch[]> {
    const values = [JSON.stringify(offsets), eventsMax];
    const { rows } = await this.#session.queryable.query<LogRow>({ ...READ, values });
    return rows.map(toLogBatch);
  }

  async offsetsNow(): Promise<LogOffsets> {
    const { rows } = await this.#session.queryable.query<{ writer: string; batch: number | null }>(NOW);
    return Object.fromEntries(rows.map(({ writer, batch }) => [writer, batch ?? 0]));
  }
}
