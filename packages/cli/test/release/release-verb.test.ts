import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { OfflineMetric } from '@shortlist/core/contracts/release-manifest.ts';
import { BUILD_FEATURES } from '@shortlist/core/release/feature-schema.ts';
import { buildTinyRelease, writeTinyRun } from '../../../core/test/release/tiny-run.ts';
import { register } from '../../src/verbs/release.ts';
import { runCommand, type Outcome } from '../run-command.ts';

let home: string;
let releases: string;
let good: string;
let better: string;
let worse: string;

/** The verb in this process: starting Node for each of some twenty calls would take most of a minute. */
async function shortlist(...args: string[]): Promise<Omit<Outcome, 'signal'>> {
  let stdout = '';
  const output = vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((stdout += String(text)), true));
  const program = new Command().exitOverride();
  register(program, { repository: '/', home, dataFolder: '/', experimentsUrl: '' });
  try {
    await program.parseAsync(['release', ...args, '--dataset', 'tiny'], { from: 'user' });
    return { code: Number(process.exitCode ?? 0), stdout, stderr: '' };
  } catch (error) {
    if (!(error instanceof ShortlistError)) throw error;
    return { code: 2, stdout, stderr: `error ${error.code}: ${error.message}\n` };
  } finally {
    process.exitCode = undefined;
    output.mockRestore();
  }
}

async function build(name: string, quality: number): Promise<string> {
  const run = join(home, name);
  await writeTinyRun(run, name.length, BUILD_FEATURES);
  const ndcg: OfflineMetric = {
    system: 'served',
    metric: 'ndcg',
    k: 10,
    value: quality,
    low: quality - 0.02,
    high: quality + 0.02,
  };
  const notes = [{ absent: 'ranker', reason: 'too few rows' }];
  const options = { features: BUILD_FEATURES, offlineMetrics: [ndcg], notes, gitCommit: name };
  return (await buildTinyRelease(run, releases, options)).id;
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'release-verb-'));
  releases = join(home, 'datasets/tiny/releases');
  good = await build('good', 0.3);
  better = await build('better', 0.31);
  worse = await build('worse-', 0.2);
});
afterAll(() => rm(home, { recursive: true }));

describe('shortlist release', () => {
  it('says what is missing before anything is active', async () => {
    expect(await shortlist('show')).toMatchObject({ code: 2, stderr: expect.stringContaining('release_none_active') });
    expect(await shortlist('rollback')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('release_none_active'),
    });
    expect(await shortlist('activate', 'r-202611210500-00000000')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`release_not_found: Release r-202611210500-00000000 of tiny does not exist`),
    });
  });

  it('activates, lists, shows, gates and rolls back', async () => {
    expect(await shortlist('activate', good)).toMatchObject({ code: 0, stderr: '' });
    expect(await shortlist('activate', better)).toMatchObject({
      code: 0,
      stdout: `${better} is active; before it: ${good}\n`,
    });

    const list = await shortlist('list');
    expect(list.stdout.split('\n')[0]).toMatch(/^release +items +index +NDCG@10 +trained on$/);
    expect(list.stdout).toMatch(new RegExp(`${better} +active +60 +(flat|hnsw) +0\\.3100 `));
    expect(list.stdout).toMatch(new RegExp(`${good} +previous`));

    const show = await shortlist('show');
    expect(show.stdout).toContain(`${better} (active)`);
    expect(show.stdout).toContain('absent      ranker: too few rows');
    expect(show.stdout).toMatch(/served +all +ndcg@10 +0\.3100 +\[0\.2900, 0\.3300\]/);
    expect(JSON.parse((await shortlist('show', good, '--json')).stdout)).toMatchObject({ id: good, items: 60 });

    const gate = await shortlist('gate', worse);
    expect(gate).toMatchObject({ code: 2, stdout: expect.stringContaining('FAIL  quality: served NDCG@10 .2000') });
    expect((await shortlist('gate', worse, '--inferiority-max', '0.5')).code).toBe(0);
    expect(await shortlist('gate', worse, '--inferiority-max', 'much')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--inferiority-max'),
    });
    expect(JSON.parse((await shortlist('gate', good, '--json')).stdout)).toMatchObject({ against: better, pass: true });

    expect(await shortlist('activate', worse)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('release_gate_failed'),
    });
    expect(await shortlist('rollback')).toMatchObject({
      code: 0,
      stdout: `${good} is active again; rolled back from ${better}\n`,
    });
    expect((await shortlist('activate', worse, '--force')).code).toBe(0);
    expect((await shortlist('rollback')).code).toBe(0);
  });

  it('verifies, and refuses to activate or go back to a damaged release, naming the file', async () => {
    expect(await shortlist('verify')).toMatchObject({ code: 0, stdout: expect.stringContaining('is sound') });
    const path = join(releases, better, 'trending.arrow');
    const bytes = await readFile(path);
    bytes[100]! ^= 4;
    await writeFile(path, bytes);
    for (const verb of ['verify', 'activate'])
      expect(await shortlist(verb, better)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('release_digest_mismatch: Release file trending.arrow is damaged'),
      });
    expect(JSON.parse((await shortlist('list', '--json')).stdout)).toMatchObject({
      releases: expect.arrayContaining([expect.objectContaining({ id: good, state: 'active' })]),
    });
  });

  it('removes old releases, after saying which', async () => {
    const oldest = 'r-200001010000-00000000';
    await cp(join(releases, worse), join(releases, oldest), { recursive: true });
    const dry = await shortlist('prune', '--keep', '3', '--dry-run');
    expect(dry).toMatchObject({ code: 0, stdout: `${oldest} would be removed\n1 of 4 releases\n` });
    expect(JSON.parse((await shortlist('prune', '--keep', '3', '--json')).stdout)).toEqual({
      removed: [oldest],
      kept: 3,
      dryRun: false,
    });
    expect(await shortlist('prune', '--keep', '3')).toMatchObject({ code: 0, stdout: '0 of 3 releases\n' });
  });

  it('is a verb of the command line, with exit code 2 and a coded line for what cannot be done', async () => {
    const run = (...args: string[]) => runCommand(['release', ...args], { SHORTLIST_HOME: home });
    expect(await run('list', '--dataset', 'tiny')).toMatchObject({ code: 0, stdout: expect.stringContaining(good) });
    expect(await run('list', '--dataset', '../x')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error field_invalid: /),
    });
    expect(await run('gate', worse, '--dataset', 'tiny')).toMatchObject({ code: 2, stderr: '' });
    expect(await run('prune', '--dataset', 'tiny', '--keep', '0')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('not an integer >= 1'),
    });
  });
});
