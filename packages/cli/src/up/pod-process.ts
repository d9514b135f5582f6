import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';

export interface PodProcessOptions {
  readonly repository: string;
  /** Variables of docs/configuration.md. */
  readonly variables: Readonly<Record<string, string>>;
  readonly httpPort: number;
  readonly logFile: string;
  readonly readyWithinMs: number;
}

/** A ranking pod as a child process, its log in a file; `started` resolves when it is ready for traffic. */
export class PodProcess {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<number>;
  readonly #logFile: string;

  private constructor(child: ChildProcess, url: string, logFile: string) {
    this.#child = child;
    this.url = url;
    this.#logFile = logFile;
    this.#exited = new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
  }

  /** @throws `pod_start_failed` with the end of its log */
  static async start(options: PodProcessOptions): Promise<PodProcess> {
    await mkdir(dirname(options.logFile), { recursive: true });
    const log = createWriteStream(options.logFile);
    const main = join(options.repository, 'packages/serving/src/main.ts');
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main], {
      env: { ...options.variables, PATH: dirname(process.execPath) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.pipe(log);
    child.stderr.pipe(log, { end: false });
    const pod = new PodProcess(child, `http://127.0.0.1:${options.httpPort}`, options.logFile);
    await pod.#untilReady(options.readyWithinMs);
    return pod;
  }

  /** Resolves with the exit code when the pod ends, for whatever reason. */
  get exited(): Promise<number> {
    return this.#exited;
  }

  /** Drains and ends it. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#exited;
  }

  async #untilReady(withinMs: number): Promise<void> {
    const deadline = Date.now() + withinMs;
    const exit = this.#exited.then((code) => `it ended with code ${code}`);
    while (Date.now() < deadline) {
      const ready = fetch(`${this.url}/health/ready`).then(
        (response) => response.ok,
        () => false,
      );
      const outcome = await Promise.race([ready, exit]);
      if (outcome === true) return;
      if (typeof outcome === 'string') throw this.#failed(outcome);
      await sleep(50);
    }
    await this.stop();
    throw this.#failed(`it was not ready after ${Math.round(withinMs / 1000)} s`);
  }

  #failed(reason: string): ShortlistError {
    return new ShortlistError('pod_start_failed', { reason, log: this.#logFile });
  }
}
