import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPool } from '../../packages/core/src/stores/postgres/connection.ts';
import { migrate } from '../../packages/core/src/stores/postgres/migrate.ts';
import { openDatabase, type Database } from '../../packages/cli/src/workspace/database.ts';
import { temporaryWorkspace, type TemporaryWorkspace } from '../../packages/cli/test/workspace/temporary-workspace.ts';
import { TERRAFORM } from './terraform.ts';

const SQL = join(TERRAFORM, 'sql/application-role.sql');
const hasPsql = spawnSync('psql', ['--version']).error === undefined;
const absent = hasPsql ? '' : 'skipped: no psql on PATH (apt-get install postgresql-client)';

/** As in the cloud: an administrator who is no superuser, on an empty database that is its own. */
describe(`the SQL that makes the application's role ${absent}`, () => {
  let workspace: TemporaryWorkspace;
  let server: Database;
  beforeAll(async () => {
    if (absent) return;
    workspace = temporaryWorkspace();
    server = await openDatabase(workspace.environment, 'server');
    await server.pool.query("CREATE ROLE administrator LOGIN CREATEROLE CREATEDB PASSWORD 'of-the-administrator'");
    await server.pool.query('CREATE DATABASE shop OWNER administrator');
  });
  afterAll(async () => {
    await server?.close();
    await workspace?.remove();
  });

  function urlOf(role: string, password: string): string {
    const url = new URL(server.url);
    return Object.assign(url, { username: role, password, pathname: '/shop' }).href;
  }

  const run = (environment: Record<string, string>) =>
    spawnSync('psql', [urlOf('administrator', 'of-the-administrator'), '-X', '-v', 'ON_ERROR_STOP=1', '-f', SQL], {
      encoding: 'utf8',
      env: { ...process.env, ...environment },
    });

  async function asApplication<T>(password: string, use: (pool: ReturnType<typeof createPool>) => Promise<T>) {
    const pool = createPool(urlOf('application', password), { connectionsMax: 1 });
    try {
      return await use(pool);
    } finally {
      await pool.end();
    }
  }

  it.skipIf(absent)('makes a role that can bring the schema up to date, and administers nothing', async () => {
    const { status, stdout, stderr } = run({ APPLICATION_ROLE: 'application', APPLICATION_PASSWORD: 'first\'"\\word' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).not.toContain('word');
    await asApplication('first\'"\\word', async (pool) => {
      expect((await migrate(pool)).length).toBeGreaterThan(5);
      const { rows } = await pool.query(
        'SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user',
      );
      expect(rows).toEqual([{ rolsuper: false, rolcreaterole: false, rolcreatedb: false }]);
    });
  });

  it.skipIf(absent)('gives it a new password when it is run again', async () => {
    expect(run({ APPLICATION_ROLE: 'application', APPLICATION_PASSWORD: 'second' }).status).toBe(0);
    await expect(asApplication('first\'"\\word', (pool) => pool.query('SELECT'))).rejects.toThrow(/password/);
    await asApplication('second', (pool) => pool.query('SELECT'));
  });

  it.skipIf(absent)('does nothing without a role or a password', () => {
    expect(run({ APPLICATION_ROLE: 'application' }).status).not.toBe(0);
    expect(run({ APPLICATION_PASSWORD: 'third' }).status).not.toBe(0);
  });
});
