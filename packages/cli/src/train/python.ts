import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ERRORS, ShortlistError, type ErrorCode, type ErrorDetails } from '@shortlist/core/contracts/errors.ts';

/** Lines of output that a failure quotes. */
const TAIL_LINES = 8;

export interface PythonStep {
  /** The checkout: `.venv` and `models/` lie in it. */
  readonly repository: string;
  readonly verb: string;
  readonly args: readonly string[];
  /** Threads of its linear algebra; its own default when absent. */
  readonly threads?: number;
  /** Ends it. */
  readonly signal?: AbortSignal;
  /** Told every progress line. */
  readonly log: (line: string) => void;
}

interface ErrorLine {
  readonly error: { readonly code: string; readonly message: string; readonly details?: ErrorDetails };
}

function errorLine(line: string): ErrorLine | undefined {
  if (!line.startsWith('{"error"')) return undefined;
  try {
    return JSON.parse(line) as ErrorLine;
  } catch {
    return undefined;
  }
}

/**
 * Runs `python -m shortlist_models <verb>` to its end. A coded error of Python comes out as the ShortlistError of the
 * same code; a crash as `training_failed` with its last lines. The child ends with this process.
 * @throws `python_missing`, `training_*`
 */
export async function runPython(step: PythonStep): Promise<void> {
  const python = join(step.repository, '.venv/bin/python');
  if (!existsSync(python)) throw new ShortlistError('python_missing', { path: python });
  const command = [python, '-m', 'shortlist_models', step.verb, ...step.args];
  // `env` adds a variable to those the child inherits.
  const threads = step.threads === undefined ? [] : [`SHORTLIST_TRAIN_THREADS=${step.threads}`];
  const child = spawn('env', [...threads, ...command], {
    cwd: join(step.repository, 'models'),
    stdio: ['ignore', 'inherit', 'pipe'],
    ...(step.signal ? { signal: step.signal } : {}),
  });
  const stop = () => void child.kill();
  process.once('exit', stop);
  const tail: string[] = [];
  let failure: ErrorLine | undefined;
  const lines = createInterface({ input: child.stderr });
  lines.on('line', (line) => {
    const found = errorLine(line);
    if (found) failure = found;
    else step.log(line);
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
  });
  const reason = await new Promise<string | null>((resolve, reject) => {
    child.on('error', reject);
    // `close`, not `exit`: the last lines must have been read.
    child.on('close', (code, signal) => resolve(code === 0 ? null : (signal ?? `exit code ${code}`)));
  }).finally(() => process.off('exit', stop));
  if (reason === null) return;
  if (failure && failure.error.code !== 'internal' && Object.hasOwn(ERRORS, failure.error.code))
    throw new ShortlistError(failure.error.code as ErrorCode, failure.error.details ?? {});
  throw new ShortlistError('training_failed', { step: step.verb, reason, output: `\n${tail.join('\n')}` });
}
