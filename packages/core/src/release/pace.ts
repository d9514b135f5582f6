import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { Pieces } from '../catalog/pieces.ts';

/** Longest piece of work between two turns of the event loop. */
const SLICE_MS = 3;
/** Longest rest: a machine that stood still for a while must not make the load stand still as long again. */
const REST_MAX_MS = 20;

/**
 * How a release is loaded without keeping the event loop from turning. `alone`: nobody is served yet, so the loop only
 * turns (probes are answered). `shared`: requests are served meanwhile, so after every slice the load rests as long as it
 * worked; a request that needs several turns then waits for a few slices, not for the whole load
 * (bench/swap.bench.ts of the serving package).
 */
export class Pace {
  readonly #shared: boolean;
  #sinceMs = performance.now();

  private constructor(shared: boolean) {
    this.#shared = shared;
  }

  static alone(): Pace {
    return new Pace(false);
  }

  static shared(): Pace {
    return new Pace(true);
  }

  /** Does the work, and rests in between. Throws what it throws. */
  async run<T>(work: Pieces<T>): Promise<T> {
    for (;;) {
      const step = work.next();
      if (step.done === true) return step.value;
      await this.rest();
    }
  }

  /** Between two parts: rests if the slice is used up. */
  async rest(): Promise<void> {
    const workedMs = performance.now() - this.#sinceMs;
    if (workedMs < SLICE_MS) return;
    await (this.#shared ? sleep(Math.min(workedMs, REST_MAX_MS)) : turn());
    this.#sinceMs = performance.now();
  }
}
