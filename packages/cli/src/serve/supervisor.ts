import { setTimeout as sleep } from 'node:timers/promises';

/** A process that is kept running. */
export interface KeptProcess {
  /** Resolves when it has ended, for whatever reason, and says why. Never rejects. */
  readonly ended: Promise<string>;
  /** Resolves when it is ready for traffic; never, when it ends before. */
  readonly ready: Promise<void>;
  /** Drains and ends it. */
  stop(): Promise<void>;
}

export interface SupervisorOptions {
  /** How many run at a time; numbered from 1. */
  readonly count: number;
  readonly start: (number: number) => KeptProcess;
  /** Number `number` is ready; the first time, or again. */
  readonly onReady: (number: number) => void;
  /** Number `number` ended by itself and is started again after `afterMs`. */
  readonly onEnded: (number: number, reason: string, afterMs: number) => void;
  /** Resolves after `ms`, or when the signal is aborted. */
  readonly pause?: (ms: number, stop: AbortSignal) => Promise<unknown>;
  readonly nowMs?: () => number;
}

const RESTART_FIRST_MS = 500;
const RESTART_MAX_MS = 30_000;
/** A process that ran for so long begins again with the shortest pause. */
const HEALTHY_MS = 60_000;

/** Pause before a process is started again that has ended `failures` times in a row, 1 or more. */
export function restartAfterMs(failures: number): number {
  return Math.min(RESTART_MAX_MS, RESTART_FIRST_MS * 2 ** (failures - 1));
}

/** What a start that never succeeded failed with. */
export class NeverReady extends Error {}

/**
 * Keeps `count` processes running until `stop` is aborted, then drains all of them. One that ends by itself is started
 * again, later and later while it keeps ending. When one ends before any was ever ready, so that what is wrong is wrong
 * for all of them, it gives up: throws `NeverReady` with the reason once the others have ended, too.
 */
export async function supervise(options: SupervisorOptions, stop: AbortSignal): Promise<void> {
  const { count, start, onReady, onEnded, nowMs = () => performance.now(), pause = pausing } = options;
  const given = new AbortController();
  const ending = AbortSignal.any([stop, given.signal]);
  const stopped = new Promise<null>((resolve) => {
    if (ending.aborted) resolve(null);
    ending.addEventListener('abort', () => resolve(null), { once: true });
  });
  let wasReady = false;

  const keep = async (number: number): Promise<void> => {
    for (let failures = 0; !ending.aborted;) {
      const startedMs = nowMs();
      const one = start(number);
      void one.ready.then(() => {
        wasReady = true;
        onReady(number);
      });
      const reason = await Promise.race([one.ended, stopped]);
      if (reason === null) return one.stop();
      if (!wasReady) throw new NeverReady(reason);
      failures = nowMs() - startedMs >= HEALTHY_MS ? 1 : failures + 1;
      const afterMs = restartAfterMs(failures);
      onEnded(number, reason, afterMs);
      await pause(afterMs, ending);
    }
  };
  const kept = Array.from({ length: count }, (_, i) =>
    keep(i + 1).catch((error: unknown) => {
      given.abort();
      throw error;
    }),
  );
  const failed = (await Promise.allSettled(kept)).find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function pausing(ms: number, signal: AbortSignal): Promise<unknown> {
  return sleep(ms, undefined, { signal }).catch(() => undefined);
}
