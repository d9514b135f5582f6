/** The turn is over: the lease was lost, or the process stops. No failure, and nothing to be tried again. */
export class TermEnded extends Error {
  constructor() {
    super('the term is over');
    this.name = 'TermEnded';
  }
}

/**
 * What keeps a replica that is no leader any more from acting. The signal alone would not do: a process that was suspended
 * past its lease runs on for a moment before its timers fire, so the time is looked at, too.
 */
export interface Fence {
  /** Fires when the term is over. */
  readonly signal: AbortSignal;
  /** Throws `TermEnded` when the term is over, by the signal or by the clock. */
  check(): void;
}

/** A fence that holds as long as `deadlineMs()` lies ahead on the clock `nowMs` and the signal has not fired. */
export function createFence(signal: AbortSignal, nowMs: () => number, deadlineMs: () => number): Fence {
  return {
    signal,
    check() {
      if (signal.aborted || nowMs() >= deadlineMs()) throw new TermEnded();
    },
  };
}

/** For what no lease guards: reading, and the lease itself. */
export const fenceOf = (signal: AbortSignal): Fence =>
  createFence(
    signal,
    () => 0,
    () => Infinity,
  );

/** Sleeps; less long when the signal fires. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
