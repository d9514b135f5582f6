import { join } from 'node:path';
import { runner } from 'node-pg-migrate';
import type { Pool } from 'pg';
import { ShortlistError } from '../../contracts/errors.ts';

const FOLDER = join(import.meta.dirname, 'migrations');

/**
 * Brings the database's schema up to date and returns the names of what was run. Safe to call from several processes
 * at once: they take turns under an advisory lock.
 */
export async function migrate(pool: Pool): Promise<readonly string[]> {
  const client = await pool.connect();
  try {
    const done = await runner({
      dbClient: client,
      dir: FOLDER,
      direction: 'up',
      migrationsTable: 'migrations',
      advisoryLockMode: 'wait',
      log: () => undefined,
    });
    return done.map(({ name }) => name);
  } finally {
    client.release();
  }
}

/**
 * Claims an empty database for `dataset`, or checks that it is the one it holds.
 * @throws `database_dataset_mismatch`
 */
export async function claimDataset(pool: Pool, dataset: string): Promise<void> {
  await pool.query('INSERT INTO dataset (name) VALUES ($1) ON CONFLICT DO NOTHING', [dataset]);
  const { rows } = await pool.query<{ name: string }>('SELECT name FROM dataset');
  const found = rows[0]?.name;
  if (found !== dataset) throw new ShortlistError('database_dataset_mismatch', { found, dataset });
}
