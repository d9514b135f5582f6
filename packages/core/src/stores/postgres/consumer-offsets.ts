import type { ClientBase, Pool } from 'pg';
import type { LogOffsets } from '../../contracts/log.ts';

const LOAD = 'SELECT offsets FROM consumers WHERE name = $1';
const CLAIM = `INSERT INTO consumers (name, epoch) VALUES ($1, $2)
  ON CONFLICT (name) DO UPDATE SET epoch = excluded.epoch WHERE consumers.epoch <= excluded.epoch`;
const SAVE = 'UPDATE consumers SET offsets = $3, updated_at = now() WHERE name = $1 AND epoch = $2';

/** Batches behind, by what is visible now. */
const LAG = `SELECT count(*)::float8 AS batches, coalesce(sum(batch.count), 0)::float8 AS events,
    coalesce(greatest(extract(epoch FROM clock_timestamp() - min(batch.created_at)), 0), 0)::float8 AS seconds
  FROM log_writers AS writer
  LEFT JOIN consumers AS consumer ON consumer.name = $1
  CROSS JOIN LATERAL (
    SELECT created_at, count FROM log_batches
    WHERE log_batches.writer = writer.writer
      AND log_batches.batch > coalesce((consumer.offsets ->> writer.writer::text)::bigint, 0)
  ) AS batch`;

export interface ConsumerLag {
  readonly batches: number;
  readonly events: number;
  /** Since the oldest batch that it has not worked in; 0 when there is none. */
  readonly seconds: number;
}

/** Where a named consumer of the log stands. Only the newest epoch of its leader can move it. */
export class ConsumerOffsets {
  readonly name: string;
  readonly #epoch: number;

  constructor(name: string, epoch: number) {
    this.name = name;
    this.#epoch = epoch;
  }

  /** Shuts out leaders of earlier epochs and returns the offsets; undefined: it has never worked in anything. */
  async claim(client: ClientBase | Pool): Promise<LogOffsets | undefined> {
    const { rows } = await client.query<{ offsets: Record<string, number> }>(LOAD, [this.name]);
    if (rows[0] === undefined) return undefined;
    const { rowCount } = await client.query(CLAIM, [this.name, this.#epoch]);
    if (rowCount !== 1) throw new FencedError(this.name);
    return rows[0].offsets;
  }

  /** Within the transaction that keeps what the batches up to `offsets` did. Throws when another leader has taken over. */
  async save(client: ClientBase | Pool, offsets: LogOffsets): Promise<void> {
    const values = [this.name, this.#epoch, JSON.stringify(offsets)];
    const { rowCount } = await client.query(SAVE, values);
    if (rowCount === 1) return;
    const claimed = await client.query(CLAIM, [this.name, this.#epoch]);
    if (claimed.rowCount !== 1) throw new FencedError(this.name);
    await client.query(SAVE, values);
  }

  static async lag(pool: Pool, name: string): Promise<ConsumerLag> {
    const { rows } = await pool.query<ConsumerLag>(LAG, [name]);
    return rows[0]!;
  }
}

/** A newer leader has taken over: this one must stop. */
export class FencedError extends Error {
  constructor(consumer: string) {
    super(`another leader has taken over consumer ${consumer}`);
    this.name = 'FencedError';
  }
}
