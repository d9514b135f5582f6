import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { expect } from 'vitest';

type LogLine = Record<string, unknown>;

/** A pod in a process of its own, with its parsed log. */
export interface ChildPod {
  readonly process: ChildProcess;
  readonly lines: LogLine[];
  readonly stderr: () => string;
  readonly url: () => string;
  readonly adminUrl: () => string;
  /** Resolves to the exit code, or the signal that killed it. */
  readonly ended: Promise<number | string>;
}

const children: ChildProcess[] = [];

export function killChildren(): void {
  for (const child of children.splice(0)) child.kill('SIGKILL');
}

/** Starts `script` (a path from this folder) on free ports of the loopback. */
export function startChild(script: string, variables: Record<string, string> = {}, args: string[] = []): ChildPod {
  const file = resolve(import.meta.dirname, script);
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file, ...args], {
    env: {
      PATH: process.env.PATH,
      SHORTLIST_HTTP_HOST: '127.0.0.1',
      SHORTLIST_HTTP_PORT: '0',
      SHORTLIST_ADMIN_PORT: '0',
      SHORTLIST_LOG_REQUESTS_SHARE: '0',
      ...variables,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const lines: LogLine[] = [];
  let rest = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop()!;
    lines.push(...parts.map((part) => JSON.parse(part) as LogLine));
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const port = (name: string): string =>
    `http://127.0.0.1:${String(lines.find(({ msg }) => msg === 'listening')?.[name])}`;
  return {
    process: child,
    lines,
    stderr: () => stderr,
    url: () => port('httpPort'),
    adminUrl: () => port('adminPort'),
    ended: once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string),
  };
}

export async function untilReady(child: ChildPod): Promise<void> {
  await expect.poll(() => child.lines.map(({ msg }) => msg), { timeout: 30_000 }).toContain('ready');
}
