import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ReleaseRegistry } from '@shortlist/core/release/registry.ts';
import { DEPLOY } from './kustomize.ts';

const SCRIPT = join(DEPLOY, 'base/serving/link-releases.mjs');

describe('the container that links the releases', () => {
  let folder: string;
  let claim: string;
  let home: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'shortlist-link-'));
    [claim, home] = [join(folder, 'claim'), join(folder, 'home')];
    mkdirSync(join(claim, 'datasets/demo/releases/r-202611210500-0a1b2c3d'), { recursive: true });
    mkdirSync(home);
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const run = () => spawnSync(process.execPath, [SCRIPT, claim, home, 'demo'], { encoding: 'utf8' });
  const activate = (active: string): void => {
    const file = join(claim, 'datasets/demo/active.json');
    writeFileSync(`${file}.new`, JSON.stringify({ active, previous: null, changedAt: '2026-11-21T05:00:00Z' }));
    renameSync(`${file}.new`, file);
  };
  const registry = () =>
    new ReleaseRegistry({
      dataset: 'demo',
      releasesDir: join(home, 'datasets/demo/releases'),
      activePath: join(home, 'datasets/demo/active.json'),
    });

  it('shows the pod what the claim holds, and what is activated later', async () => {
    activate('r-202611210500-0a1b2c3d');
    expect(run()).toMatchObject({ status: 0, stderr: '' });
    expect(await registry().ids()).toEqual(['r-202611210500-0a1b2c3d']);
    mkdirSync(join(claim, 'datasets/demo/releases/r-202611220500-0a1b2c3d'));
    activate('r-202611220500-0a1b2c3d');
    expect((await registry().pointer())!.active).toBe('r-202611220500-0a1b2c3d');
    expect(await registry().ids()).toHaveLength(2);
  });

  it('leaves the pod a folder of its own to write into', () => {
    activate('r-202611210500-0a1b2c3d');
    run();
    writeFileSync(join(home, 'datasets/demo/assignment-snapshot.json'), '{}');
    expect(() => readFileSync(join(claim, 'datasets/demo/assignment-snapshot.json'))).toThrow('ENOENT');
  });

  it('can be run again in the same pod', () => {
    activate('r-202611210500-0a1b2c3d');
    run();
    expect(run().status).toBe(0);
    expect(lstatSync(join(home, 'datasets/demo/active.json')).isSymbolicLink()).toBe(true);
  });

  it('says how to make a release where none is active, and leaves the verdict to the pod', () => {
    const { status, stderr } = run();
    expect(status).toBe(0);
    expect(stderr).toContain('kubectl create job --from=cronjob/train');
  });
});
