import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runPython } from '../../src/train/python.ts';

let repository: string;
beforeEach(async () => {
  repository = await mkdtemp(join(tmpdir(), 'python-'));
  await mkdir(join(repository, 'models'));
});
afterEach(() => rm(repository, { recursive: true }));

/** In place of Python, so that every way in which it can end can be played. */
async function withPython(script: string): Promise<void> {
  await mkdir(join(repository, '.venv/bin'), { recursive: true });
  await writeFile(join(repository, '.venv/bin/python'), `#!/bin/sh\n${script}\n`);
  await chmod(join(repository, '.venv/bin/python'), 0o755);
}

const lines: string[] = [];
const run = (signal?: AbortSignal) =>
  runPython({
    repository,
    verb: 'fit-ranker',
    args: ['--run', 'x'],
    threads: 1,
    log: (line) => lines.push(line),
    ...(signal ? { signal } : {}),
  });

describe('a Python step', () => {
  it('passes arguments, threads and progress through', async () => {
    await withPython('echo "$@ threads $SHORTLIST_TRAIN_THREADS" >&2');
    lines.length = 0;
    await run();
    expect(lines).toEqual(['-m shortlist_models fit-ranker --run x threads 1']);
  });

  it('fails with the code that Python gave', async () => {
    const error = {
      code: 'training_data_too_small',
      message: '',
      details: { model: 'ranker', needed: '20', have: '3' },
    };
    await withPython(`echo '${JSON.stringify({ error })}' >&2; exit 2`);
    await expect(run()).rejects.toMatchObject({
      code: 'training_data_too_small',
      message: expect.stringContaining('needed 20, have 3') as string,
    });
  });

  it('quotes the last lines of a crash', async () => {
    await withPython('echo "Traceback" >&2; echo "ValueError: x" >&2; exit 1');
    await expect(run()).rejects.toMatchObject({
      code: 'training_failed',
      message: expect.stringContaining('ValueError: x') as string,
    });
  });

  it('says how to get Python where there is none', async () => {
    await expect(run()).rejects.toMatchObject({ code: 'python_missing' });
  });

  it('ends when it is told to', async () => {
    await withPython('exec sleep 60');
    await expect(run(AbortSignal.timeout(200))).rejects.toMatchObject({ name: 'AbortError' });
  });
});
