import { createWriteStream, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCluster, withDatabase } from '../../src/workspace/database.ts';
import { runCommand, startCommand } from '../run-command.ts';
import { temporaryWorkspace, type TemporaryWorkspace } from '../workspace/temporary-workspace.ts';

const EVENTS = 100_000;
let workspace: TemporaryWorkspace;
let data: string;

beforeAll(async () => {
  workspace = temporaryWorkspace();
  data = mkdtempSync(join(tmpdir(), 'shortlist-data-'));
  const events = createWriteStream(join(data, 'events.jsonl'));
  for (let i = 0; i < EVENTS; i++) {
    const line = {
      user_id: `u${i % 5_000}`,
      item_id: `i${i % 997}`,
      type: 'view',
      timestamp: 1_700_000_000 + (i >> 3),
    };
    if (!events.write(i % 10_000 === 5 ? 'broken\n' : `${JSON.stringify(line)}\n`)) await once(events, 'drain');
  }
  events.end();
  await once(events, 'close');
});

afterAll(async () => {
  await workspace.remove();
  rmSync(data, { recursive: true });
});

const importInto = (dataset: string) => ['import', 'jsonl', '--data', data, '--dataset', dataset];

/** Everything that is stored of a dataset but for arrival numbers, which an interrupted transaction uses up. */
function contentOf(dataset: string) {
  return withDatabase(workspace.environment, dataset, async ({ pool }) => {
    const { rows } = await pool.query<Record<string, unknown>>(
      `SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM items) AS items,
        (SELECT md5(string_agg(concat_ws(',', event_id, user_id, item_id, type, occurred_at), ';' ORDER BY occurred_at, seq))
          FROM events) AS events_md5,
        (SELECT md5(string_agg(concat_ws(',', item_id, title, created_at), ';' ORDER BY item_id)) FROM items) AS items_md5`,
    );
    return rows[0]!;
  });
}

/** Waits until some but not all of the import is committed. */
async function untilUnderWay(dataset: string): Promise<number> {
  return withDatabase(workspace.environment, dataset, async ({ pool }) => {
    for (let tries = 0; tries < 1_000; tries++) {
      const { rows } = await pool.query<{ lines: number }>('SELECT lines::int FROM import_progress');
      const lines = rows[0]?.lines ?? 0;
      if (lines > 0) return lines;
      await sleep(10);
    }
    throw new Error('the import did not get under way');
  });
}

test('an import killed in the middle and run again equals a single run; a third run changes nothing', async () => {
  expect(await runCommand(importInto('single'), workspace.variables)).toMatchObject({ code: 0 });
  const running = startCommand(importInto('killed'), workspace.variables);
  expect(await untilUnderWay('killed')).toBeLessThan(EVENTS);
  running.process.kill('SIGKILL');
  expect(await running.outcome).toMatchObject({ signal: 'SIGKILL' });
  const partial = await contentOf('killed');
  expect(Number(partial.events)).toBeLessThan(EVENTS - 10);

  const resumed = await runCommand(importInto('killed'), workspace.variables);
  expect(resumed).toMatchObject({ code: 0, stdout: expect.stringContaining('went on after line') as string });
  const content = await contentOf('killed');
  expect(content).toEqual(await contentOf('single'));
  expect(Number(content.events)).toBe(EVENTS - 10);

  const again = await runCommand(importInto('killed'), workspace.variables);
  expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing to do') as string });
  expect(await contentOf('killed')).toEqual(content);
});

test('an import that is told to stop leaves no server behind', async () => {
  const running = startCommand(importInto('stopped'), workspace.variables);
  await untilUnderWay('stopped');
  running.process.kill('SIGTERM');
  expect(await running.outcome).toMatchObject({ code: 143, stderr: expect.not.stringContaining('    at ') as string });
  expect(createCluster(workspace.environment).status().running).toBe(false);
});

test('the summary says what was rejected, and where it is kept', async () => {
  const { stdout } = await runCommand(importInto('single'), workspace.variables);
  const rejects = join(workspace.environment.home, 'datasets/single/rejects/jsonl-events.jsonl');
  expect(stdout).toContain(`${EVENTS / 10_000}, kept in ${rejects}`);
  expect(existsSync(rejects)).toBe(true);
});

test('another shop under known event ids is refused, and --replace starts anew', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'shortlist-data-'));
  const put = (item: string) => {
    const line = { event_id: 'event-1', user_id: 'u', item_id: item, type: 'view', timestamp: 1 };
    writeFileSync(join(folder, 'events.jsonl'), `${JSON.stringify(line)}\n`);
  };
  const args = ['import', 'jsonl', '--data', folder, '--dataset', 'shop'];
  put('a');
  expect(await runCommand(args, workspace.variables)).toMatchObject({ code: 0 });
  put('b');
  const refused = await runCommand(args, workspace.variables);
  expect(refused).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^error dataset_conflict: .*--replace/m) as string,
  });
  expect(await runCommand([...args, '--replace'], workspace.variables)).toMatchObject({ code: 0 });
  expect(await contentOf('shop')).toMatchObject({ events: '1', items: '1' });
  rmSync(folder, { recursive: true });
});

test('missing data: one line that names the path and SHORTLIST_DATA, before any database is started', async () => {
  const other = temporaryWorkspace({ SHORTLIST_DATA: join(tmpdir(), 'no-such-folder') });
  const { code, stderr } = await runCommand(['import', 'online-retail'], other.variables);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^error dataset_missing: .*no-such-folder\/online-retail.*SHORTLIST_DATA/);
  expect(existsSync(join(other.environment.home, 'postgres'))).toBe(false);
  await other.remove();
});

test('PostgreSQL down at start: a coded error with host and port, no stack', async () => {
  const variables = { ...workspace.variables, DATABASE_URL: 'postgres://nobody:secret@127.0.0.1:9/none' };
  const { code, stderr } = await runCommand(importInto('single'), variables);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^error database_unreachable: No PostgreSQL at 127\.0\.0\.1:9/);
  expect(stderr).not.toContain('secret');
  expect(stderr.trim().split('\n')).toHaveLength(1);
});

test('PostgreSQL that goes away in the middle is a coded error, and the next run goes on', async () => {
  const running = startCommand(importInto('orphan'), workspace.variables);
  await untilUnderWay('orphan');
  await withDatabase(workspace.environment, 'orphan', ({ pool }) =>
    pool.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`),
  );
  expect(await running.outcome).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/error database_unreachable: /) as string,
  });
  expect(await runCommand(importInto('orphan'), workspace.variables)).toMatchObject({ code: 0 });
  expect(await contentOf('orphan')).toEqual(await contentOf('single'));
});

test('a file of nothing but garbage is an error that points to the rejects', async () => {
  const folder = join(data, 'garbage');
  mkdirSync(folder);
  writeFileSync(join(folder, 'events.jsonl'), 'a\nb\n');
  const args = ['import', 'jsonl', '--data', folder, '--dataset', 'garbage'];
  const { code, stderr } = await runCommand(args, workspace.variables);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^error dataset_unusable: .*2 of 2 lines were rejected, see .*rejects/m);
});
