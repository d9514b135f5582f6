import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Environment } from '../environment.ts';

/** Runs a verb in a process of its own, as a person would; resolves with its exit code. It ends when `stop` is aborted. */
export function runVerb(environment: Environment, args: readonly string[], stop: AbortSignal): Promise<number> {
  const main = join(environment.repository, 'packages/cli/src/main.ts');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], { stdio: 'inherit' });
  stop.addEventListener('abort', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
