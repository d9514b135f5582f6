import { setTimeout as sleep } from 'node:timers/promises';

/** Runs `work` on several workers, each one call after the other with a pause, until stopped. */
export class SteadyLoad {
  readonly #stopping = new AbortController();
  readonly #workers: Promise<unknown>;

  constructor(workers: number, pauseMs: number, work: (call: number) => Promise<void>) {
    let calls = 0;
    this.#workers = Promise.all(
      Array.from({ length: workers }, async () => {
        while (!this.#stopping.signal.aborted) {
          await work(calls++);
          await sleep(pauseMs);
        }
      }),
    );
    // Told by `stop`; until then it is nobody's.
    this.#workers.catch(() => undefined);
  }

  /** Throws what a call threw. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#workers;
  }
}
