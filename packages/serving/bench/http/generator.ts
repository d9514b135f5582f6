import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { LoadOptions, LoadResult } from './load.ts';

/** Of generators where the pod has the other one. */
const CORE = 1;

/**
 * Starts a load generator of this folder as a process of its own; its result is what it prints. `core` null: on whichever is
 * free.
 */
export function generator(
  program: string,
  options: object,
  core: number | null = CORE,
): {
  child: ChildProcess;
  result: Promise<unknown>;
} {
  const file = join(import.meta.dirname, program);
  const pinned = core === null ? [] : ['taskset', '-c', String(core)];
  const [command, ...args] = [...pinned, process.execPath, '--disable-warning=ExperimentalWarning', file];
  const child = spawn(command, [...args, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const result = once(child, 'close').then(([code]) => {
    if (code !== 0) throw new Error(`the generator ended with ${String(code)}`);
    return JSON.parse(text) as unknown;
  });
  return { child, result };
}

export function generate(program: string, options: object): Promise<unknown> {
  return generator(program, options).result;
}

/** One run of load.ts, of which every answer must be a slate or a refusal. */
export async function answeredLoad(options: LoadOptions, core: number | null = CORE): Promise<LoadResult> {
  const result = (await generator('load.ts', options, core).result) as LoadResult;
  if (result.errors > 0) throw new Error(`${result.errors} of ${result.answered} answers were errors`);
  if (result.degraded > 0.01 * result.answered)
    console.error(`${result.degraded} of ${result.answered} answers degraded: ${JSON.stringify(result.without)}`);
  return result;
}
