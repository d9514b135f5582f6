import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StepRunner } from '../../src/train/steps.ts';

let runDir: string;
let done: string[];
beforeEach(async () => {
  runDir = await mkdtemp(join(tmpdir(), 'steps-'));
  done = [];
});
afterEach(() => rm(runDir, { recursive: true }));

async function runAll(changes: Readonly<Record<string, unknown>> = {}, failing?: string): Promise<void> {
  const steps = new StepRunner({ runDir, total: 3, log: () => undefined });
  for (const [name, after] of [
    ['export', []],
    ['fit', ['export']],
    ['other', []],
  ] as const)
    await steps.run({
      name,
      title: name,
      after,
      inputs: changes[name] ?? 0,
      work: () => {
        if (name === failing) return Promise.reject(new Error('interrupted'));
        done.push(name);
        return Promise.resolve();
      },
    });
}

describe('training steps', () => {
  it('are not done twice', async () => {
    await runAll();
    await runAll();
    expect(done).toEqual(['export', 'fit', 'other']);
  });

  it('go on where they were interrupted', async () => {
    await expect(runAll({}, 'fit')).rejects.toThrow('interrupted');
    await runAll();
    expect(done).toEqual(['export', 'fit', 'other']);
  });

  it('are done again when their inputs change, and so is what depends on them, and nothing else', async () => {
    await runAll();
    await runAll({ export: 1 });
    expect(done.slice(3)).toEqual(['export', 'fit']);
  });

  it('are all done again once they are forgotten', async () => {
    await runAll();
    await new StepRunner({ runDir, total: 3, log: () => undefined }).forget();
    await runAll();
    expect(done.length).toBe(6);
  });
});
