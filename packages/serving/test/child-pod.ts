import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

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
    `http://127.0.0.1:${String(lines.find((line) => (line.msg === 'listening' || line.msg === 'ready') && line[name] != null)?.[name])}`;
  return {
    process: child,
    lines,
    stderr: () => stderr,
    url: () => port('httpPort'),
    adminUrl: () => port('adminPort'),
    ended: once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string),
  };
}

const READY_WITHIN_MS = 60_000;

/** Throws with what it said when it ended instead, or takes too long. Needs no test runner: benches start pods, too. */
export async function untilReady(child: ChildPod): Promise<void> {
  const untilMs = performance.now() + READY_WITHIN_MS;
  while (!child.lines.some(({ msg }) => msg === 'ready')) {
    const { exitCode, signalCode } = child.process;
    const ended = exitCode ?? signalCode;
    const said = () => `${child.stderr()} ${JSON.stringify(child.lines.at(-1))}`;
    if (ended !== null) throw new Error(`it ended with ${ended}: ${said()}`);
    if (performance.now() > untilMs) throw new Error(`it was not ready in time: ${said()}`);
    await sleep(20);
  }
}
