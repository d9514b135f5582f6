import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { loadRelease } from '../../src/release/load-release.ts';
import { ReleaseRegistry } from '../../src/release/registry.ts';
import { TINY_FEATURES, writeTinyRun } from './tiny-run.ts';

const CHILD = join(import.meta.dirname, 'build-child.ts');

it('a build that is killed at any moment leaves whole releases and nothing else that is listed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'build-crash-'));
  const [runDir, outDir] = [join(folder, 'run'), join(folder, 'releases')];
  await writeTinyRun(runDir);
  const registry = new ReleaseRegistry({
    dataset: 'tiny',
    releasesDir: outDir,
    activePath: join(folder, 'active.json'),
  });
  const announced = new Set<string>();
  for (let round = 0; round < 4; round++) {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CHILD, runDir, outDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const closed = once(child, 'close');
    let told = '';
    child.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
    await once(child.stdout, 'data');
    // Into the middle of the next build, a little further in each round.
    await delay(5 + round * 17);
    child.kill('SIGKILL');
    await closed;
    for (const line of told.split('\n').slice(0, -1)) announced.add(line);
  }
  const ids = await registry.ids();
  for (const id of announced) expect(ids).toContain(id);
  for (const id of ids) await (await loadRelease(join(outDir, id), { features: TINY_FEATURES })).close();
  expect(announced.size).toBeGreaterThanOrEqual(1);
  await rm(folder, { recursive: true });
});
