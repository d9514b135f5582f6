import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { lastWords } from '../up/last-words.ts';
import { POD } from '../up/service-process.ts';
import type { KeptProcess } from './supervisor.ts';

export interface PodWorkerOptions {
  readonly repository: string;
  /** The whole environment of the process. */
  readonly variables: Readonly<Record<string, string>>;
  /** Takes each line that it logs. */
  readonly onLine: (line: string) => void;
  /** Takes what the pod says to who runs it (`load-turn.ts` of the serving package). */
  readonly onMessage: (worker: PodWorker, message: unknown) => void;
  /** How long it may take to end after SIGTERM, ms; then it is killed. */
  readonly stopWithinMs: number;
}

/** The last lines are kept to find out why a pod ended. */
const LINES_KEPT = 50;

/** A ranking pod as a child process; its log comes line by line, so that those of several can share one stream. */
export class PodWorker implements KeptProcess {
  readonly ended: Promise<string>;
  readonly ready: Promise<void>;
  adminPort: number | null = null;
  readonly #child: ChildProcess;
  readonly #stopWithinMs: number;

  constructor({ repository, variables, onLine, onMessage, stopWithinMs }: PodWorkerOptions) {
    this.#stopWithinMs = stopWithinMs;
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(repository, POD.main)], {
      env: variables,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    child.on('message', (message) => onMessage(this, message));
    this.#child = child;
    const kept: string[] = [];
    let isReady: () => void = () => undefined;
    this.ready = new Promise((resolve) => (isReady = resolve));
    const take = (line: string): void => {
      kept.push(line);
      if (kept.length > LINES_KEPT) kept.shift();
      onLine(line);
      if (line.includes('"msg":"listening"')) this.adminPort = adminPortIn(line);
      if (line.includes('"msg":"ready"')) isReady();
    };
    const streams = [child.stdout!, child.stderr!].map((input) => {
      const lines = createInterface({ input }).on('line', take);
      return new Promise((resolve) => lines.once('close', resolve));
    });
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => {
        void Promise.all(streams).then(() =>
          resolve(lastWords(kept.join('\n')) ?? `it ended with ${signal ?? `code ${code}`}`),
        );
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  send(message: string): void {
    if (this.#child.connected) this.#child.send(message);
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const hung = setTimeout(() => this.#child.kill('SIGKILL'), this.#stopWithinMs);
    await this.ended;
    clearTimeout(hung);
  }
}

function adminPortIn(line: string): number | null {
  try {
    return (JSON.parse(line) as { adminPort?: number }).adminPort ?? null;
  } catch {
    return null;
  }
}
