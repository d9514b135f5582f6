import { Pool } from 'pg';
import { ShortlistError } from '../../contracts/errors.ts';

export interface ConnectionOptions {
  /** Most connections at a time; default 4. */
  readonly connectionsMax?: number;
  /** How long to wait for a connection, ms; default 5,000. */
  readonly connectTimeoutMs?: number;
  /** How long one statement may run, ms; default 0 = no limit, for jobs. Serving sets it. */
  readonly statementTimeoutMs?: number;
  /** How long an unused connection is kept, ms; default 10,000. 0: always (serving; connecting outlasts a request). */
  readonly idleTimeoutMs?: number;
  /** What `pg_stat_activity` shows. */
  readonly applicationName?: string;
}

/** Opens a pool of connections (lazily: the first query connects). Every connection speaks UTC. */
export function createPool(url: string, options: ConnectionOptions = {}): Pool {
  const statementTimeoutMs = options.statementTimeoutMs ?? 0;
  const pool = new Pool({
    connectionString: url,
    max: options.connectionsMax ?? 4,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    idleTimeoutMillis: options.idleTimeoutMs ?? 10_000,
    application_name: options.applicationName ?? 'shortlist',
    options: '-c timezone=UTC',
    ...(statementTimeoutMs > 0
      ? // The server cancels the statement; should it not even answer, the client gives up a little later.
        { statement_timeout: statementTimeoutMs, query_timeout: statementTimeoutMs * 2 }
      : {}),
  });
  // A connection that breaks (server restarted) fails the query that runs on it, and the pool replaces an idle one;
  // but without a listener each such event would end the process as well.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

const REFUSED = new Set(['28P01', '28000', '3D000', '42501']);
const UNREACHABLE = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EPIPE'],
  ...['57P01', '57P02', '57P03', '08006', '08001', '08003', '53300'],
]);
/** A standby, a transaction set to read only, a server that protects itself. */
const READ_ONLY = new Set(['25006']);
const TIMEOUT = new Set(['57014', '55P03']);

/** Messages of `pg` that carry no code. */
const LOST =
  /timeout exceeded when trying to connect|Connection terminated|Connection ended|connect timed out|connection error/i;

/**
 * The coded error for what PostgreSQL or its connection threw: `database_unreachable`, `database_refused`,
 * `database_timeout`, `database_read_only`, `disk_full`; anything else comes back unchanged, since it is a bug.
 */
export function codedDatabaseError(error: unknown, url: string): unknown {
  if (!(error instanceof Error) || error instanceof ShortlistError) return error;
  const first = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error;
  const code = (first as NodeJS.ErrnoException).code ?? '';
  const { hostname: host, port } = new URL(url);
  const reason = first.message;
  const details = { host, port: port === '' ? '5432' : port, reason };
  const hint = 'Start it, or correct DATABASE_URL.';
  if (code === '53100' || code === 'ENOSPC') return new ShortlistError('disk_full', { what: 'the database' });
  if (UNREACHABLE.has(code) || LOST.test(reason)) {
    return new ShortlistError('database_unreachable', { ...details, hint }, { cause: error });
  }
  if (REFUSED.has(code)) return new ShortlistError('database_refused', details, { cause: error });
  if (READ_ONLY.has(code)) return new ShortlistError('database_read_only', details, { cause: error });
  if (TIMEOUT.has(code) || /query read timeout/i.test(reason)) {
    return new ShortlistError('database_timeout', details, { cause: error });
  }
  return error;
}
