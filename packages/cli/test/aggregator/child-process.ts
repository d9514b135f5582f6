import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

export interface AggregatorChild {
  readonly process: ChildProcess;
  /** Resolves when it leads for the first time. */
  readonly leading: Promise<void>;
  /** Resolves to the signal or code that it ended by. */
  readonly ended: Promise<string>;
  readonly errors: () => string;
}

/** Starts aggregator-child.ts; `kill` = the step that it dies before, and which time. */
export function startChild(
  databaseUrl: string,
  redisUrl: string,
  kill?: { readonly step: string; readonly time: number },
): AggregatorChild {
  const script = join(import.meta.dirname, 'aggregator-child.ts');
  const args = [script, databaseUrl, redisUrl, ...(kill === undefined ? [] : [kill.step, String(kill.time)])];
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const leading = new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (text.includes('leading')) resolve();
    });
  });
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? String(code)));
  });
  return { process: child, leading, ended, errors: () => errors };
}
