import { DatabaseError, type Pool, type PoolClient } from 'pg';
import { EventKeys } from '../event-key.ts';
import { LANE_EVENTS_MAX, type LaneWork, type LogLane, type LogMessage } from '../event-log.ts';
import type { NewEvent } from '../event-store.ts';
import { eventsPayload } from '../log-payloads.ts';
import type { Stores } from '../stores.ts';
import { APPEND, appendParameters } from './append-statement.ts';

import { insertMessages } from './log-messages.ts';
import type { KnownPartitions } from './partitions.ts';
import { dayOfEvent } from './unit-days.ts';

/** First key of the advisory locks that living lanes hold; the second is the writer id. */
export const LANE_LOCK = 1_936_483_692;

/** Nothing was changed, and another try may do: retention dropped a day's partition meanwhile, or a deadlock. */
const NO_PARTITION = '23514';
const DEADLOCK = '40P01';
const RETRIES_MAX = 3;

/** Whether, after this error of a commit, it may have happened: no answer of the server, or one of its end. */
const isDoubtful = (error: unknown): boolean => !(error instanceof DatabaseError) || /^(08|57P)/.test(error.code ?? '');

interface Connection {
  readonly client: PoolClient;
  readonly writer: number;
  /** Number of the last batch that was begun. */
  batch: number;
}

/** A lane on one connection of the pool, which it keeps. */
export class PostgresLogLane implements LogLane {
  readonly #pool: Pool;
  readonly #partitions: KnownPartitions;
  readonly #storesOn: (client: PoolClient) => Stores;
  #connection: Connection | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(pool: Pool, partitions: KnownPartitions, storesOn: (client: PoolClient) => Stores) {
    this.#pool = pool;
    this.#partitions = partitions;
    this.#storesOn = storesOn;
  }

  append(events: readonly NewEvent[]): Promise<Uint8Array> {
    if (events.length > LANE_EVENTS_MAX) throw new Error(`${events.length} events are more than a lane takes at once`);
    if (events.length === 0) return Promise.resolve(new Uint8Array(0));
    return this.#inTurn(() => this.#append(events));
  }

  write<T>(work: LaneWork<T>): Promise<T> {
    return this.#inTurn(async () => {
      try {
        return await this.#write(work);
      } catch (error) {
        if (this.#connection !== undefined) throw error;
        // The connection is gone, perhaps with the changes made. Then `work` finds them there.
        return await this.#write(work);
      }
    });
  }

  async close(): Promise<void> {
    await this.#inTurn(async () => {
      this.#closed = true;
      const connection = this.#connection;
      this.#connection = undefined;
      if (connection === undefined) return;
      const { client, writer } = connection;
      try {
        await client.query('UPDATE log_writers SET closed = true, heartbeat_at = now() WHERE writer = $1', [writer]);
        await client.query('SELECT pg_advisory_unlock($1, $2)', [LANE_LOCK, writer]);
        client.release();
      } catch (error) {
        client.release(error as Error);
      }
    });
  }

  /** Takes a connection and a writer id, if it has none. */
  async open(): Promise<Connection> {
    if (this.#connection !== undefined) return this.#connection;
    if (this.#closed) throw new Error('the lane is closed');
    const client = await this.#pool.connect();
    try {
      const { rows } = await client.query<{ writer: number }>(
        `WITH made AS (INSERT INTO log_writers DEFAULT VALUES RETURNING writer)
         SELECT writer::float8 AS writer, pg_advisory_lock(${LANE_LOCK}, writer::integer) FROM made`,
      );
      return (this.#connection = { client, writer: rows[0]!.writer, batch: 0 });
    } catch (error) {
      client.release(error as Error);
      throw error;
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Gives the connection up: its server process ends, and with it what it had not committed. */
  #lose(error: unknown): void {
    this.#connection?.client.release(error as Error);
    this.#connection = undefined;
  }

  async #append(events: readonly NewEvent[]): Promise<Uint8Array> {
    const keys = new EventKeys(events.map(({ eventId }) => eventId));
    /** Tries that may have been committed. */
    const doubtful: { writer: number; batch: number }[] = [];
    for (let tries = 0; ; tries++) {
      const connection = await this.open();
      const { client, writer } = connection;
      try {
        await this.#partitions.ensure(client, new Set(events.map(dayOfEvent)));
        const batch = (connection.batch += 1);
        const isFresh = await appendOnce(client, { writer, batch }, events, keys);
        return doubtful.length === 0 ? isFresh : await this.#settle(client, doubtful, events.length, isFresh);
      } catch (error) {
        const { code } = error as { code?: string };
        if ((code === NO_PARTITION || code === DEADLOCK) && tries < RETRIES_MAX) {
          this.#partitions.forget();
          continue;
        }
        if (!isDoubtful(error)) throw error;
        doubtful.push({ writer, batch: connection.batch });
        this.#lose(error);
        // Once: a server that is away answers its caller now, who sends again.
        if (tries > 0) throw error;
      }
    }
  }

  /** What was sent again and is there already: was it this lane's own lost try that stored it? */
  async #settle(
    client: PoolClient,
    doubtful: readonly { writer: number; batch: number }[],
    count: number,
    isFresh: Uint8Array,
  ): Promise<Uint8Array> {
    if (isFresh.every((fresh) => fresh === 1)) return isFresh;
    for (const { writer, batch } of doubtful) {
      const { rows } = await client.query<{ skipped: number[] | null }>(
        'SELECT skipped FROM log_batches WHERE writer = $1 AND batch = $2',
        [writer, batch],
      );
      if (rows.length === 0) continue;
      const own = new Uint8Array(count).fill(1);
      for (const i of rows[0]!.skipped ?? []) own[i] = 0;
      return own;
    }
    return isFresh;
  }

  async #write<T>(work: LaneWork<T>): Promise<T> {
    const connection = await this.open();
    const { client, writer } = connection;
    const messages: LogMessage[] = [];
    let committing = false;
    try {
      await client.query('BEGIN');
      const place = { writer, batch: connection.batch + 1 };
      const result = await work(this.#storesOn(client), (message) => messages.push(message), place);
      await insertMessages(client, { writer, afterBatch: connection.batch }, messages);
      connection.batch += messages.length;
      committing = true;
      await client.query('COMMIT');
      return result;
    } catch (error) {
      if (committing && isDoubtful(error)) this.#lose(error);
      else if (!committing) await client.query('ROLLBACK').catch((failure: unknown) => this.#lose(failure));
      throw error;
    }
  }
}

/** Stores what is new of `events`, in one statement that is its own transaction. */
async function appendOnce(
  client: PoolClient,
  place: { readonly writer: number; readonly batch: number },
  events: readonly NewEvent[],
  keys: EventKeys,
): Promise<Uint8Array> {
  // An id that comes twice in the batch is sent once; payload and `skipped` count those that are sent.
  const firsts = keys.sorted.length === events.length ? undefined : Int32Array.from(keys.sorted).sort();
  const sent = firsts === undefined ? events : Array.from(firsts, (i) => events[i]!);
  const sentKeys = firsts === undefined ? keys : new EventKeys(sent.map(({ eventId }) => eventId));
  const { rows } = await client.query<[number[]]>({
    ...APPEND,
    values: appendParameters(place, sent, sentKeys, JSON.stringify(eventsPayload(sent, sentKeys))),
    rowMode: 'array',
  });
  const isFresh = new Uint8Array(events.length);
  if (firsts === undefined) isFresh.fill(1);
  else for (const i of firsts) isFresh[i] = 1;
  for (const skipped of rows[0]![0]) isFresh[firsts === undefined ? skipped : firsts[skipped]!] = 0;
  return isFresh;
}
