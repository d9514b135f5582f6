import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOG_KIND } from '@shortlist/core/contracts/log.ts';
import { dayOf } from '@shortlist/core/stores/event-log.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { event, impression } from '../../../core/test/stores/rows.ts';
import { withDatabase } from '../../src/workspace/database.ts';
import { runCommand } from '../run-command.ts';
import { temporaryWorkspace, type TemporaryWorkspace } from '../workspace/temporary-workspace.ts';

const DAY_S = 86_400;
const today = dayOf(Date.now() / 1000);
const daysAgo = (days: number) => (today - days) * DAY_S + 60;
let workspace: TemporaryWorkspace;

beforeAll(async () => {
  workspace = temporaryWorkspace();
  await withDatabase(workspace.environment, 'demo', async ({ pool }) => {
    const { events, impressions } = postgresStores(pool);
    await events.append([500, 40, 31, 30, 1].map((days) => event(`${days}`, { occurredAtS: daysAgo(days) })));
    await impressions.append([impression('old', { occurredAtS: daysAgo(50) })]);
  });
});
afterAll(() => workspace.remove());

test('partitions are made ahead and listed; again there is nothing to make', async () => {
  const made = await runCommand(['partitions', '--ahead', '3', '--list'], workspace.variables);
  expect(made).toMatchObject({ code: 0 });
  const until = new Date((today + 3) * DAY_S * 1000).toISOString().slice(0, 10);
  const [first, ...days] = made.stdout.trim().split('\n');
  expect(first).toBe(`demo: made 4, there until ${until}`);
  expect(days).toHaveLength(9);
  expect(days.at(-1)).toMatch(new RegExp(`^${until} +0 events +[0-9.]+ MiB$`));
  expect((await runCommand(['partitions', '--ahead', '3'], workspace.variables)).stdout).toContain('made 0');
  expect(await runCommand(['partitions', '--ahead', 'many'], workspace.variables)).toMatchObject({ code: 1 });
});

test('retention drops the days before, with what they held, and tells the log; a dry run only says so', async () => {
  const dry = await runCommand(['retention', '--days', '30', '--dry-run'], workspace.variables);
  expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing was dropped') as string });
  const run = await runCommand(['retention', '--days', '30'], workspace.variables);
  expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('events 3, slates 1') as string });
  expect(run.stdout).toContain('event_keys 3');
  const left = await withDatabase(workspace.environment, 'demo', async ({ pool }) => {
    const { events, profiles, tail } = postgresStores(pool);
    const batches = await tail.read({}, 1_000);
    return {
      events: (await events.summary()).events,
      profile: (await profiles.recent({ userId: 'u1' }, 10)).itemIds.length,
      told: batches.filter(({ kind }) => kind === LOG_KIND.retract).reduce((sum, { count }) => sum + count, 0),
    };
  });
  // Three events, and the two items of the slate.
  expect(left).toEqual({ events: 2, profile: 2, told: 5 });
  const again = await runCommand(['retention', '--days', '30'], workspace.variables);
  expect(again.stdout).toContain(': none\nevents 0, slates 0');
});
