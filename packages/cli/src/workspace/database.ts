import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type Pool } from 'pg';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { codedDatabaseError, createPool, type ConnectionOptions } from '@shortlist/core/stores/postgres/connection.ts';
import { claimDataset, migrate } from '@shortlist/core/stores/postgres/migrate.ts';
import type { Environment } from '../environment.ts';
import { checkDatasetName } from './paths.ts';
import { PostgresCluster } from './postgres-cluster.ts';

export interface DatabaseOptions extends ConnectionOptions {
  /** Told what happens when it takes a while; silent when absent. */
  readonly log?: (line: string) => void;
}

export interface Database {
  readonly pool: Pool;
  readonly url: string;
  /** The coded error for what a statement threw; anything that is no matter of the database comes back unchanged. */
  codedError(error: unknown): unknown;
  /**
   * Ends the connections and lets go of the embedded server (the last process to do so stops it). Statements that run
   * are waited for, `limitMs` at most when given. Again: nothing more.
   */
  close(limitMs?: number): Promise<void>;
}

export function createCluster(environment: Environment, log: (line: string) => void = () => undefined) {
  const { home, postgresPort } = environment;
  return new PostgresCluster({ home, log, ...(postgresPort === undefined ? {} : { port: postgresPort }) });
}

async function createDatabase(server: string, name: string): Promise<void> {
  const client = new Client({ connectionString: `${server}/postgres` });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  } catch (error) {
    // Another process made it in between: unique_violation or duplicate_database.
    if (!['23505', '42P04'].includes((error as { code?: string }).code ?? '')) throw error;
  } finally {
    await client.end();
  }
}

/**
 * Removes the database of `dataset` from the embedded PostgreSQL, if it is there.
 * @throws `field_invalid` with a `DATABASE_URL`: what lies on a server of somebody's is not ours to remove
 */
export async function forgetDatabase(environment: Environment, dataset: string): Promise<void> {
  if (environment.databaseUrl !== undefined)
    throw new ShortlistError('field_invalid', {
      field: 'DATABASE_URL',
      reason: 'this works in a database that it makes anew, in the embedded PostgreSQL; leave it unset',
    });
  checkDatasetName(dataset);
  const cluster = createCluster(environment);
  const client = new Client({ connectionString: `${await cluster.join()}/postgres` });
  try {
    await client.connect();
    await client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(databaseName(dataset))} WITH (FORCE)`);
  } finally {
    await client.end();
    await cluster.leave();
  }
}

const databaseName = (dataset: string): string => `shortlist_${dataset.replaceAll('-', '_')}`;

/** On connections of its own: a migration may take longer than `options` allow a statement of the job. */
async function prepare(url: string, dataset: string): Promise<void> {
  const pool = createPool(url, { connectionsMax: 1 });
  try {
    await migrate(pool);
    await claimDataset(pool, dataset);
  } finally {
    await pool.end();
  }
}

/**
 * Opens the database of `dataset` with its schema up to date: `DATABASE_URL` where given, otherwise
 * `shortlist_<dataset>` in the workspace's embedded PostgreSQL, which is started or joined. Close it when done.
 * @throws `database_unreachable`, `database_refused`, `database_dataset_mismatch`, `disk_full`, `port_in_use`,
 * `database_start_failed`, `field_invalid` (dataset)
 */
export async function openDatabase(
  environment: Environment,
  dataset: string,
  options: DatabaseOptions = {},
): Promise<Database> {
  checkDatasetName(dataset);
  const cluster = environment.databaseUrl === undefined ? createCluster(environment, options.log) : undefined;
  const name = databaseName(dataset);
  const server = await cluster?.join();
  const url = server === undefined ? environment.databaseUrl! : `${server}/${name}`;
  const pool = createPool(url, options);
  const codedError = (error: unknown) => {
    const coded = codedDatabaseError(error, url);
    const isLost = coded instanceof ShortlistError && coded.code === 'database_unreachable';
    return (isLost ? cluster?.causeOfLoss() : undefined) ?? coded;
  };
  let closing: Promise<void> | undefined;
  const close = (limitMs?: number) => {
    const letGo = async () => {
      const ended = pool.end();
      await (limitMs === undefined ? ended : Promise.race([ended, sleep(limitMs)]));
      await cluster?.leave();
    };
    closing ??= letGo();
    return closing;
  };
  try {
    if (server !== undefined) await createDatabase(server, name);
    await prepare(url, dataset);
  } catch (error) {
    await close();
    throw codedError(error);
  }
  return { pool, url, codedError, close };
}

const INTERRUPT_LIMIT_MS = 2_000;
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * Opens the database of `dataset`, runs `use` and closes it again, also when the job is interrupted by a signal.
 * Errors of the database come out coded.
 */
export async function withDatabase<T>(
  environment: Environment,
  dataset: string,
  use: (database: Database) => Promise<T>,
  options: DatabaseOptions = {},
): Promise<T> {
  const database = await openDatabase(environment, dataset, options);
  let exiting: Promise<never> | undefined;
  const interrupt = (signal: keyof typeof SIGNALS) => {
    // What a statement under way did is rolled back by the server when the connection is gone.
    exiting ??= database.close(INTERRUPT_LIMIT_MS).then(() => process.exit(SIGNALS[signal]));
  };
  const signals = Object.keys(SIGNALS) as (keyof typeof SIGNALS)[];
  for (const signal of signals) process.once(signal, interrupt);
  try {
    return await use(database);
  } catch (error) {
    // After an interruption the error is that the connections were closed: nothing to tell.
    if (exiting !== undefined) await exiting;
    throw database.codedError(error);
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
    await database.close();
  }
}
