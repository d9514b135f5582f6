import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { Pieces } from '../catalog/pieces.ts';

/** Longest piece of work between two turns of the event loop. */
const SLICE_MS = 3;
/** Longest rest: a machine that stood still for a while must not make the load stand still as long again. */
const REST_MAX_MS = 20;

/** How long a load rests after a slice while requests are in flight, in slices: it takes a fifth of the core then. */
const REST_WHILE_BUSY = 4;

/**
 * How a release is loaded without keeping the event loop from turning. `alone`: nobody is served yet, so the loop only
 * turns (probes are answered). `shared`: requests are served meanwhile, so after every slice the load rests as long as it
 * worked, and several times as long while requests are in flight; a request that needs several turns then waits for a few
 * slices, not for the whole load, and a pod at half of its capacity still has time for all of them
 * (bench/swap.bench.ts of the serving package).
 */
export class Pace {
  readonly #shared: boolean;
  readonly #isBusy: () => boolean;
  #sinceMs = performance.now();

  private constructor(shared: boolean, isBusy: () => boolean) {
    this.#shared = shared;
    this.#isBusy = isBusy;
  }

  static alone(): Pace {
    return new Pace(false, () => false);
  }

  /** `isBusy`: are requests in flight now? */
  static shared(isBusy: () => boolean = () => false): Pace {
    return new Pace(true, isBusy);
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
    const restMs = workedMs * (this.#isBusy() ? REST_WHILE_BUSY : 1);
    await (this.#shared ? sleep(Math.min(restMs, REST_MAX_MS)) : turn());
    this.#sinceMs = performance.now();
  }
}
