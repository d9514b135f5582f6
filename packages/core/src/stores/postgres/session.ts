import type { Pool, PoolClient } from 'pg';

/** Where a store's statements run: on a pool, or inside a transaction that somebody else opened. */
export interface Session {
  /** For one statement that stands alone. */
  readonly queryable: Pool | PoolClient;
  /**
   * Runs `work` on one connection in one transaction: its own one, or the one that is open. One that need not be durable
   * is committed before it is on disk: a crash of the machine may undo the last of them.
   */
  transaction<T>(work: (client: PoolClient) => Promise<T>, options?: { readonly durable?: boolean }): Promise<T>;
  /** Runs `work`, which yields, on one connection that sees one unchanging state. */
  snapshot<T>(work: (client: PoolClient) => AsyncIterable<T>): AsyncIterable<T>;
}

/** Every unit of work takes a connection of the pool and gives it back. */
export function poolSession(pool: Pool): Session {
  return {
    queryable: pool,
    async transaction(work, { durable = true } = {}) {
      const client = await pool.connect();
      let broken: Error | undefined;
      try {
        await client.query(durable ? 'BEGIN' : 'BEGIN; SET LOCAL synchronous_commit = off');
        const result = await work(client);
        await client.query('COMMIT');
        return result;
      } catch (error) {
        // A connection on which not even ROLLBACK works must not go back into the pool.
        await client.query('ROLLBACK').catch((failure: Error) => (broken = failure));
        throw error;
      } finally {
        client.release(broken);
      }
    },
    async *snapshot(work) {
      const client = await pool.connect();
      let broken: Error | undefined;
      try {
        await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
        yield* work(client);
      } finally {
        await client.query('ROLLBACK').catch((failure: Error) => (broken = failure));
        client.release(broken);
      }
    },
  };
}

/** Everything runs on `client`, in the transaction that is open there. */
export function transactionSession(client: PoolClient): Session {
  return {
    queryable: client,
    transaction: (work) => work(client),
    snapshot: (work) => work(client),
  };
}
