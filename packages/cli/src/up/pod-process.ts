import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { lastWords } from './last-words.ts';

export interface PodProcessOptions {
  readonly repository: string;
  /** Variables of docs/configuration.md. */
  readonly variables: Readonly<Record<string, string>>;
  readonly httpPort: number;
  readonly logFile: string;
}

const POLL_MS = 50;
/** Longer than a pod drains; one that is still there then hangs. */
const STOP_WITHIN_MS = 30_000;

/** A ranking pod as a child process, its log in a file. */
export class PodProcess {
  readonly url: string;
  /** Resolves when the pod has ended, for whatever reason, with what it said of it. */
  readonly ended: Promise<string>;
  readonly logFile: string;
  readonly #child: ChildProcess;

  constructor({ repository, variables, httpPort, logFile }: PodProcessOptions) {
    this.url = `http://127.0.0.1:${httpPort}`;
    this.logFile = logFile;
    mkdirSync(dirname(logFile), { recursive: true });
    // The pod writes its log itself, so that nothing of it is lost when this process ends first.
    const log = openSync(logFile, 'w');
    const main = join(repository, 'packages/serving/src/main.ts');
    this.#child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main], {
      env: { ...variables, PATH: dirname(process.execPath) },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(error.message));
      this.#child.once('exit', (code, signal) => {
        resolve(lastWords(readFileSync(logFile, 'utf8')) ?? `it ended with ${signal ?? `code ${code}`}`);
      });
    });
  }

  /** Resolves when the pod is ready for traffic, or when `stop` is aborted. @throws `pod_start_failed` */
  async untilReady(withinMs: number, stop: AbortSignal): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (!stop.aborted) {
      const ready = fetch(`${this.url}/health/ready`).then(
        (response) => response.ok,
        () => false,
      );
      const outcome = await Promise.race([ready, this.ended]);
      if (outcome === true) return;
      if (typeof outcome === 'string') throw this.#failed(outcome);
      if (performance.now() > deadline) throw this.#failed(`it was not ready after ${Math.round(withinMs / 1000)} s`);
      await sleep(POLL_MS);
    }
  }

  /** Drains and ends it. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const hung = setTimeout(() => this.#child.kill('SIGKILL'), STOP_WITHIN_MS);
    await this.ended;
    clearTimeout(hung);
  }

  #failed(reason: string): ShortlistError {
    return new ShortlistError('pod_start_failed', { reason, log: this.logFile });
  }
}
