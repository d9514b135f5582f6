import { spawnSync } from 'node:child_process';

const OUTPUT_BYTES_MAX = 64 << 20;
const TAIL_LINES = 40;

/** What a program prints, once it has ended well. @throws with its last lines otherwise */
export function run(command: string, args: readonly string[], options: { cwd?: string } = {}): string {
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: OUTPUT_BYTES_MAX,
    ...options,
  });
  if (error) throw error;
  if (status === 0) return stdout;
  const tail = (stdout + stderr).trim().split('\n').slice(-TAIL_LINES).join('\n');
  throw new Error(`${command} ${args.join(' ')}: ended with ${status ?? signal}\n${tail}`);
}

/** Whether a program of this name is on PATH. */
export const isInstalled = (command: string): boolean => spawnSync(command, ['--version']).error === undefined;
