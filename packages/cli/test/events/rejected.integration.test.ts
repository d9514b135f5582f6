import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RejectedLine } from '../../src/events/rejected-lines.ts';
import { openDatabase, type Database } from '../../src/workspace/database.ts';
import { startIngest, type IngestProcess } from '../ingest/ingest-process.ts';
import { runCommand } from '../run-command.ts';
import { temporaryWorkspace } from '../workspace/temporary-workspace.ts';

/** The real service, the real command line, the real PostgreSQL. */
const workspace = temporaryWorkspace();
let database: Database;
let ingest: IngestProcess;
beforeAll(async () => {
  database = await openDatabase(workspace.environment, 'demo');
  ingest = await startIngest({ DATABASE_URL: database.url, SHORTLIST_INGEST_ROLES: 'api' });
});
afterAll(async () => {
  await ingest.kill();
  await database.close();
  await workspace.remove();
});

const EVENTS = 3_000;
/** One in a thousand, and one of every kind, is poison. */
const POISON: readonly (readonly [at: number, line: Buffer, mended?: string])[] = [
  [7, Buffer.from('{"event_id":"p-nul","user_id":"u","item_id":"a\\u0000b","type":"view"}')],
  [1_007, Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d])],
  [1_500, Buffer.from('{"event_id":"p-type","user_id":"u","item_id":"i","type":"share"}')],
  [2_007, Buffer.from('{"event_id":"p-schema","user_id":7,"item_id":"i","type":"view"}')],
  [
    2_008,
    Buffer.from(`{"event_id":"p-long","user_id":"u","item_id":"i","type":"view","query":"${'x'.repeat(17_000)}"}`),
  ],
  [2_999, Buffer.from('{"event_id":"p-half","user_id":"u"')],
];
const run = (...words: string[]) => runCommand(words, workspace.variables);

it('poison costs no neighbour, is kept with its reason, and is recovered after a fix', async () => {
  const poison = new Map(POISON.map(([at, line]) => [at, line]));
  const lines = Array.from({ length: EVENTS }, (_, n) =>
    Buffer.concat([
      poison.get(n) ?? Buffer.from(`{"event_id":"n${n}","user_id":"u${n % 50}","item_id":"i${n % 9}","type":"view"}`),
      Buffer.from('\n'),
    ]),
  );
  const response = await fetch(`${ingest.url}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: Buffer.concat(lines),
  });
  expect(await response.json()).toMatchObject({
    accepted: EVENTS - POISON.length,
    duplicates: 0,
    rejected: POISON.length,
  });
  const stored = async () =>
    (await database.pool.query<{ count: number }>('SELECT count(*)::int AS count FROM events')).rows[0]!.count;
  expect(await stored()).toBe(EVENTS - POISON.length);

  const listed = await run('events', 'rejected', 'list');
  expect(listed.code).toBe(0);
  const rejected = listed.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as RejectedLine);
  expect(rejected.map(({ stage, code }) => `${stage} ${code}`)).toEqual([
    'validate field_invalid',
    'parse body_malformed',
    'validate field_invalid',
    'validate field_invalid',
    'parse event_too_large',
    'parse body_malformed',
  ]);

  // The fix in the service: it knows the type now.
  const first = await run('events', 'rejected', 'replay', '--event-types', 'share=2');
  expect(JSON.parse(first.stdout)).toMatchObject({ looked_at: 6, taken: 1, duplicates: 0 });

  // The fix in the payloads.
  const file = join(workspace.environment.home, 'mended.jsonl');
  const mended = rejected
    .filter(({ reason }) => !reason.includes('unknown; known here'))
    .map(({ id }) => ({
      id,
      payload: JSON.stringify({ event_id: `mended-${id}`, user_id: 'u', item_id: 'i', type: 'view' }),
    }));
  await writeFile(file, mended.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const second = await run('events', 'rejected', 'replay', '--file', file);
  expect(JSON.parse(second.stdout)).toEqual({ looked_at: 5, taken: 5, duplicates: 0, still_rejected: {} });
  expect(await stored()).toBe(EVENTS);
  const again = await run('events', 'rejected', 'replay', '--file', file);
  expect(JSON.parse(again.stdout)).toMatchObject({ looked_at: 0, taken: 0 });
  expect((await run('events', 'rejected', 'list')).stdout).toBe('');
});

it.each([
  [['events', 'rejected', 'list', '--max', '0'], '--max'],
  [['events', 'rejected', 'replay', '--file', 'nowhere.jsonl'], '--file'],
])('%j is refused with the name of the option', async (words, field) => {
  const { code, stderr } = await run(...words);
  expect(code).toBe(2);
  expect(stderr).toContain(`error field_invalid: Field ${field} is invalid`);
});
