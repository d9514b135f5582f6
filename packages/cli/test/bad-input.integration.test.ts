import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BUILD_FEATURES } from '@shortlist/core/release/feature-schema.ts';
import { buildTinyRelease, writeTinyRun } from '../../core/test/release/tiny-run.ts';
import { runCommand } from './run-command.ts';
import { temporaryWorkspace, type TemporaryWorkspace } from './workspace/temporary-workspace.ts';

let workspace: TemporaryWorkspace;
beforeAll(() => {
  workspace = temporaryWorkspace();
});
afterAll(() => workspace.remove());

/** Runs a command that must end with one coded line and exit code 2. */
async function refusal(args: readonly string[], changes: Readonly<Record<string, string>> = {}): Promise<string> {
  const { code, stderr } = await runCommand(args, { ...workspace.variables, ...changes });
  expect(code, stderr).toBe(2);
  expect(stderr).not.toMatch(/^ {4}at /m);
  return stderr.split('\n').find((line) => line.startsWith('error '))!;
}

describe('a dataset that is missing', () => {
  test.each([
    ['up', 'release_none_active: No release of nothing-here is active'],
    ['train', 'training_data_missing: There is nothing to learn from'],
    ['evaluate', 'dataset_missing: No data at dataset nothing-here'],
    ['release show', 'release_none_active: No release of nothing-here is active'],
    ['import retailrocket', 'dataset_missing: No data at '],
  ])('is a coded error of shortlist %s', async (verb, message) => {
    const args = [...verb.split(' '), '--dataset', 'nothing-here'];
    expect(await refusal(args, { SHORTLIST_DATA: '/nothing/there' })).toContain(`error ${message}`);
  });
});

describe('PostgreSQL that is down at start', () => {
  test.each(['train', 'evaluate', 'database migrate'])('is a coded error of shortlist %s', async (verb) => {
    const variables = { DATABASE_URL: 'postgres://nobody:secret@127.0.0.1:9/none' };
    const line = await refusal([...verb.split(' '), '--dataset', 'demo'], variables);
    expect(line).toContain('error database_unreachable: No PostgreSQL at 127.0.0.1:9');
    expect(line).not.toContain('secret');
  });
});

describe('an output that takes nothing', () => {
  test('a full disk behind > is disk_full, and a reader that has gone is output_closed', () => {
    const shortlist = resolve(import.meta.dirname, '../bin/shortlist');
    const full = spawnSync('sh', ['-c', `"${shortlist}" release list > /dev/full`], { encoding: 'utf8' });
    expect([full.status, full.stderr]).toEqual([2, expect.stringMatching(/^error disk_full: .*the standard output/)]);
    const gone = spawnSync('bash', ['-c', `"${shortlist}" release list | true; exit \${PIPESTATUS[0]}`], {
      encoding: 'utf8',
    });
    expect([gone.status, gone.stderr]).toEqual([2, expect.stringMatching(/^error output_closed: /)]);
  });

  test('a report that cannot be written is refused before anything is computed', async () => {
    const args = ['evaluate', '--dataset', 'demo', '--json', '/nothing/there/report.json'];
    expect(await refusal(args)).toMatch(/error output_unwritable: Cannot write \/nothing\/there\/report.json/);
  });
});

// A small file system of its own needs the right to mount one (root, and a container that allows it).
const small = mkdtempSync(join(tmpdir(), 'shortlist-small-'));
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=755', 'tmpfs', small]).status === 0;
afterAll(() => {
  if (mounted) spawnSync('umount', ['--lazy', small]);
  rmSync(small, { recursive: true, force: true });
});

describe.skipIf(!mounted)('a full disk (needs the right to mount a small one)', () => {
  test('keeps a release from being activated, with a coded error, and the one that serves stays', async () => {
    const run = mkdtempSync(join(tmpdir(), 'shortlist-run-'));
    await writeTinyRun(run, 1, BUILD_FEATURES);
    const releases = join(small, 'datasets/tiny/releases');
    const { id } = await buildTinyRelease(run, releases, { features: BUILD_FEATURES });
    const home = { SHORTLIST_HOME: small };
    fill(join(small, 'ballast'));
    expect(await refusal(['release', 'activate', id, '--dataset', 'tiny'], home)).toContain('error disk_full: ');
    expect(await refusal(['release', 'show', '--dataset', 'tiny'], home)).toContain('release_none_active');
    rmSync(join(small, 'ballast'));
    const again = await runCommand(['release', 'activate', id, '--dataset', 'tiny'], home);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining(`${id} is active`) as string });
    rmSync(run, { recursive: true });
  });

  test('ends shortlist generate with a coded error that names the file', async () => {
    const out = join(small, 'shop');
    mkdirSync(out);
    expect(await refusal(['generate', '--out', out])).toMatch(/error disk_full: .*\/shop\/\w+\.jsonl/);
  });
});

/** Writes zeros until nothing more fits. */
function fill(file: string): void {
  spawnSync('dd', ['if=/dev/zero', `of=${file}`, 'bs=4096']);
}
