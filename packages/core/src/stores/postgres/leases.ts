import type { ClientBase, Pool } from 'pg';

/** First key of the advisory locks of leases; the second is made of the lease's name. */
const LOCK_CLASS = 0x5350;
/** Seconds without a heartbeat after which a holder counts as hung. */
const STALE_S = 5;

const TRY_LOCK = 'SELECT pg_try_advisory_lock($1, hashtext($2)) AS locked';

const TAKE = `INSERT INTO leases AS held (name, holder, epoch, backend_pid, heartbeat_at)
  VALUES ($1, $2, 1, pg_backend_pid(), clock_timestamp())
  ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, epoch = held.epoch + 1,
    backend_pid = excluded.backend_pid, heartbeat_at = excluded.heartbeat_at
  RETURNING epoch::float8 AS epoch`;

const BEAT = 'UPDATE leases SET heartbeat_at = clock_timestamp() WHERE name = $1 AND epoch = $2';

/** Whoever holds the lock now, by the lock itself: the process id in the lease may be that of another backend today. */
const END_HOLDER = `SELECT pg_terminate_backend(lock.pid) FROM pg_locks AS lock
  WHERE lock.locktype = 'advisory' AND lock.granted AND lock.pid <> pg_backend_pid()
    AND lock.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND lock.classid = $1::int::oid AND lock.objid::bigint = hashtext($2)::bigint & 4294967295
    AND EXISTS (SELECT FROM leases WHERE name = $2 AND epoch = $3)`;

const PUBLISHED = 'SELECT published_version::float8 AS version FROM leases WHERE name = $1';
const SET_PUBLISHED = 'UPDATE leases SET published_version = $3 WHERE name = $1 AND epoch = $2';

const AGE = `SELECT epoch::float8 AS epoch, holder,
    extract(epoch FROM clock_timestamp() - heartbeat_at)::float8 AS "ageS"
  FROM leases WHERE name = $1`;

export interface LeaseState {
  readonly epoch: number;
  readonly holder: string;
  /** Seconds since the last heartbeat. */
  readonly ageS: number;
}

/**
 * Leadership among processes: an advisory lock of a session, so that it ends with the connection, and a row with an
 * epoch that grows with every holder.
 *
 * A holder that hangs keeps its connection, hence its lock. A candidate that sees no heartbeat for 5 s ends that
 * connection: whatever the holder does when it wakes up fails, since all it writes goes through that connection.
 */
export class Lease {
  readonly name: string;
  readonly epoch: number;

  constructor(name: string, epoch: number) {
    this.name = name;
    this.epoch = epoch;
  }

  /** Takes the lease for the life of `client`'s connection; undefined while another one holds it. */
  static async tryTake(client: ClientBase, name: string, holder: string): Promise<Lease | undefined> {
    const { rows } = await client.query<{ locked: boolean }>(TRY_LOCK, [LOCK_CLASS, name]);
    if (!rows[0]!.locked) return undefined;
    const taken = await client.query<{ epoch: number }>(TAKE, [name, holder]);
    return new Lease(name, taken.rows[0]!.epoch);
  }

  /** Who holds the lease, or held it last. */
  static async state(queryable: ClientBase | Pool, name: string): Promise<LeaseState | undefined> {
    const { rows } = await queryable.query<LeaseState>(AGE, [name]);
    return rows[0];
  }

  /** Ends the connection of a holder that has been silent for 5 s. Returns whether there was one. */
  static async endStaleHolder(client: ClientBase, name: string): Promise<boolean> {
    const state = await Lease.state(client, name);
    if (state === undefined || state.ageS < STALE_S) return false;
    const { rowCount } = await client.query(END_HOLDER, [LOCK_CLASS, name, state.epoch]);
    return (rowCount ?? 0) > 0;
  }

  /** Says that the holder lives; false when somebody else holds the lease. On another connection than the lock's. */
  async beat(pool: Pool): Promise<boolean> {
    const { rowCount } = await pool.query(BEAT, [this.name, this.epoch]);
    return rowCount === 1;
  }

  /** The version of the counters up to which this holder or one before it has published everything. */
  async publishedVersion(pool: Pool): Promise<number> {
    const { rows } = await pool.query<{ version: number }>(PUBLISHED, [this.name]);
    return rows[0]!.version;
  }

  /** Notes that version; of no effect when somebody else holds the lease. */
  async setPublishedVersion(pool: Pool, version: number): Promise<void> {
    await pool.query(SET_PUBLISHED, [this.name, this.epoch, version]);
  }
}
