import { spawn, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';

const COMMAND = resolve(import.meta.dirname, '../bin/shortlist');

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCommand {
  readonly process: ChildProcess;
  readonly outcome: Promise<Outcome>;
}

/** Starts the real `shortlist` with `variables` on top of a clean environment. */
export function startCommand(args: readonly string[], variables: Readonly<Record<string, string>>): RunningCommand {
  const env: NodeJS.ProcessEnv = { ...process.env, ...variables };
  for (const name of ['DATABASE_URL', 'SHORTLIST_POSTGRES_PORT']) if (!(name in variables)) delete env[name];
  const child = spawn(COMMAND, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const outcome = new Promise<Outcome>((done, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => done({ code, signal, stdout, stderr }));
  });
  return { process: child, outcome };
}

/** Runs the real `shortlist` to its end. */
export function runCommand(args: readonly string[], variables: Readonly<Record<string, string>>): Promise<Outcome> {
  return startCommand(args, variables).outcome;
}
