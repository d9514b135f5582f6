import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readEnvironment } from '../../src/environment.ts';
import { createCluster, openDatabase, withDatabase } from '../../src/workspace/database.ts';
import { runCommand } from '../run-command.ts';
import { temporaryWorkspace, type TemporaryWorkspace } from './temporary-workspace.ts';

let workspace: TemporaryWorkspace;
beforeAll(() => {
  workspace = temporaryWorkspace();
});
afterAll(() => workspace.remove());

const isRunning = () => createCluster(workspace.environment).status().running;

test('two processes share one server, and the last to leave stops it', async () => {
  const first = await openDatabase(workspace.environment, 'one');
  const { pid } = createCluster(workspace.environment).status();
  // Another process, another dataset, the same server; it must not take the server along when it ends.
  const migrated = await runCommand(['database', 'migrate', '--dataset', 'two'], workspace.variables);
  expect(migrated).toMatchObject({ code: 0, stdout: expect.stringContaining('two: ') as string });
  expect(createCluster(workspace.environment).status()).toMatchObject({ running: true, pid });
  expect((await first.pool.query('SELECT name FROM dataset')).rows).toEqual([{ name: 'one' }]);
  await first.close();
  expect(isRunning()).toBe(false);
});

test('a database that was migrated is not migrated again, and keeps its rows', async () => {
  const insert = "INSERT INTO users (user_id) VALUES ('u')";
  await withDatabase(workspace.environment, 'rows', ({ pool }) => pool.query(insert));
  const rows = await withDatabase(workspace.environment, 'rows', async ({ pool }) => {
    const { rows } = await pool.query('SELECT (SELECT count(*) FROM migrations) > 0 AS migrated, count(*) FROM users');
    return rows as unknown[];
  });
  expect(rows).toEqual([{ migrated: true, count: '1' }]);
});

test('fsync is on, and the server listens on loopback only', async () => {
  const settings = await withDatabase(workspace.environment, 'one', async ({ pool }) => {
    const { rows } = await pool.query<{ name: string; setting: string }>(
      "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'listen_addresses')",
    );
    return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
  });
  expect(settings).toEqual({ fsync: 'on', synchronous_commit: 'on', listen_addresses: '127.0.0.1' });
});

test('a server that was killed recovers with what was committed', async () => {
  const first = await openDatabase(workspace.environment, 'one');
  await first.pool.query('CREATE TABLE kept AS SELECT 7 AS value');
  const { pid } = createCluster(workspace.environment).status();
  process.kill(pid!, 'SIGKILL');
  while (isRunning()) await sleep(20);
  await expect(first.pool.query('SELECT 1')).rejects.toSatisfy(
    (error) => (first.codedError(error) as { code: string }).code === 'database_unreachable',
  );
  await first.close();
  const rows = await withDatabase(workspace.environment, 'one', async ({ pool }) => {
    const { rows } = await pool.query('SELECT value FROM kept');
    return rows as unknown[];
  });
  expect(rows).toEqual([{ value: 7 }]);
});

test('an initialisation that was cut short is done again', async () => {
  const fresh = temporaryWorkspace();
  const folder = join(fresh.environment.home, 'postgres', 'data', 'half');
  mkdirSync(folder, { recursive: true });
  await withDatabase(fresh.environment, 'one', () => Promise.resolve());
  expect(existsSync(folder)).toBe(false);
  await fresh.remove();
});

test('a server that was started by itself stays up until it is stopped', async () => {
  expect(await runCommand(['database', 'start'], workspace.variables)).toMatchObject({ code: 0 });
  await withDatabase(workspace.environment, 'one', () => Promise.resolve());
  expect(isRunning()).toBe(true);
  expect(await runCommand(['database', 'status'], workspace.variables)).toMatchObject({
    stdout: expect.stringMatching(/^running: process \d+, port \d+/) as string,
  });
  expect(await runCommand(['database', 'stop'], workspace.variables)).toMatchObject({ stdout: 'stopped\n' });
  expect(isRunning()).toBe(false);
});

test('a port that is taken is a coded error that names the setting', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  const variables = { ...workspace.variables, SHORTLIST_POSTGRES_PORT: `${port}` };
  const { code, stderr } = await runCommand(['database', 'start'], variables);
  expect(code).toBe(2);
  expect(stderr).toMatch(new RegExp(`^error port_in_use: .*127\\.0\\.0\\.1:${port}.*SHORTLIST_POSTGRES_PORT`, 'm'));
  server.close();
});

test('a database of one dataset is refused for another', async () => {
  await withDatabase(workspace.environment, 'one', async ({ url }) => {
    const environment = readEnvironment({ ...workspace.variables, DATABASE_URL: url });
    await withDatabase(environment, 'one', () => Promise.resolve());
    const other = openDatabase(environment, 'two');
    await expect(other).rejects.toMatchObject({ code: 'database_dataset_mismatch', details: { found: 'one' } });
  });
});

test('a statement that takes too long, and a pool that has no connection left, are coded errors', async () => {
  // A connection takes longer than it seems where every core is busy: the limits leave it seconds.
  const options = { statementTimeoutMs: 500, connectionsMax: 1, connectTimeoutMs: 3_000 };
  const database = await openDatabase(workspace.environment, 'one', options);
  const codeOf = async (work: Promise<unknown>) => {
    const error = await work.catch((thrown: unknown) => database.codedError(thrown));
    return (error as { code?: string }).code;
  };
  expect(await codeOf(database.pool.query('SELECT pg_sleep(30)'))).toBe('database_timeout');
  const client = await database.pool.connect();
  expect(await codeOf(database.pool.query('SELECT 1'))).toBe('database_unreachable');
  client.release();
  expect((await database.pool.query('SELECT 1 AS value')).rows).toEqual([{ value: 1 }]);
  await database.close();
});

test('a wrong password is a coded error', async () => {
  await withDatabase(workspace.environment, 'one', async ({ url }) => {
    const environment = readEnvironment({ DATABASE_URL: url.replace(/:[^:@]+@/, ':wrong@') });
    await expect(openDatabase(environment, 'one')).rejects.toMatchObject({ code: 'database_refused' });
  });
});

test.skipIf(process.getuid?.() !== 0)(
  'a workspace that the account of PostgreSQL cannot enter (only root meets this) keeps its database elsewhere',
  async () => {
    const fresh = temporaryWorkspace();
    chmodSync(fresh.environment.home, 0o700);
    const told: string[] = [];
    const open = () =>
      withDatabase(fresh.environment, 'one', () => Promise.resolve(), { log: (line) => told.push(line) });
    await open();
    const { folder } = createCluster(fresh.environment).status();
    expect(told.join('\n')).toContain(folder);
    expect(folder.startsWith(fresh.environment.home)).toBe(false);
    // Found again by the next command.
    await open();
    expect(createCluster(fresh.environment).status().folder).toBe(folder);
    expect(told.filter((line) => line.includes('creating'))).toHaveLength(1);
    await fresh.remove();
  },
);

test.skipIf(process.getuid?.() !== 0)(
  'the account of PostgreSQL owns its files and nobody else reads them',
  async () => {
    await withDatabase(workspace.environment, 'one', () => Promise.resolve());
    const data = join(workspace.environment.home, 'postgres', 'data');
    expect(spawnSync('stat', ['-c', '%a %U', data], { encoding: 'utf8' }).stdout).toBe('700 postgres\n');
  },
);
