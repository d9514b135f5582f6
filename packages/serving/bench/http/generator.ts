import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Of generators; the pod has the other one. */
const CORE = 1;

/** Starts a load generator of this folder as a process of its own; its result is what it prints. */
export function generator(program: string, options: object): { child: ChildProcess; result: Promise<unknown> } {
  const file = join(import.meta.dirname, program);
  const args = ['-c', String(CORE), process.execPath, '--disable-warning=ExperimentalWarning', file];
  const child = spawn('taskset', [...args, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
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
