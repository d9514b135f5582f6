import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ShortlistError, type ErrorCode } from '@shortlist/core/contracts/errors.ts';
import { lastWords } from './last-words.ts';

/** What runs, and the codes of what can go wrong with it. */
export interface ServiceKind {
  /** Of its main.ts, relative to the repository. */
  readonly main: string;
  /** File name. */
  readonly log: string;
  readonly startFailed: ErrorCode;
  readonly ended: ErrorCode;
}

export const POD: ServiceKind = {
  main: 'packages/serving/src/main.ts',
  log: 'pod.log',
  startFailed: 'pod_start_failed',
  ended: 'pod_ended',
};
export const INGEST: ServiceKind = {
  main: 'packages/ingest/src/main.ts',
  log: 'ingest.log',
  startFailed: 'ingest_start_failed',
  ended: 'ingest_ended',
};
export const EXPERIMENTS: ServiceKind = {
  main: 'packages/experiments/src/main.ts',
  log: 'experiments.log',
  startFailed: 'experiments_start_failed',
  ended: 'experiments_ended',
};

export interface ServiceProcessOptions {
  readonly repository: string;
  readonly kind: ServiceKind;
  /** Variables of docs/configuration.md. */
  readonly variables: Readonly<Record<string, string>>;
  readonly httpPort: number;
  readonly logFile: string;
}

const POLL_MS = 50;
/** Longer than a service drains; one that is still there then hangs. */
const STOP_WITHIN_MS = 30_000;

/** A service as a child process, its log in a file. */
export class ServiceProcess {
  readonly url: string;
  /** Resolves when the service has ended, for whatever reason, with what it said of it. */
  readonly ended: Promise<string>;
  readonly kind: ServiceKind;
  readonly logFile: string;
  readonly #child: ChildProcess;

  constructor({ repository, kind, variables, httpPort, logFile }: ServiceProcessOptions) {
    this.kind = kind;
    this.url = `http://127.0.0.1:${httpPort}`;
    this.logFile = logFile;
    mkdirSync(dirname(logFile), { recursive: true });
    // The service writes its log itself, so that nothing of it is lost when this process ends first.
    const log = openSync(logFile, 'w');
    this.#child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(repository, kind.main)], {
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

  /** Resolves when the service is ready for traffic, or when `stop` is aborted. @throws `kind.startFailed` */
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
    return new ShortlistError(this.kind.startFailed, { reason, log: this.logFile });
  }
}
