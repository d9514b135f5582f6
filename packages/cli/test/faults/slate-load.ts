import type { ChildPod } from '../../../serving/test/child-pod.ts';
import { SteadyLoad } from './steady-load.ts';

export interface Served {
  readonly atMs: number;
  readonly tookMs: number;
  readonly status: number;
  readonly degraded: readonly string[];
  readonly items: number;
}

/** Shoppers who ask a pod for slates without pause, and what they got. */
export class SlateLoad {
  readonly served: Served[] = [];
  readonly #load: SteadyLoad;

  constructor(
    pod: ChildPod,
    { users, workers = 4, pauseMs = 20 }: { users: number; workers?: number; pauseMs?: number },
  ) {
    this.#load = new SteadyLoad(workers, pauseMs, async (call) => {
      const atMs = performance.now();
      const response = await fetch(`${pod.url()}/recommend`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ user_id: `user-${call % users}`, num_items: 5 }),
      });
      const body = (await response.json()) as { recommendations?: unknown[]; degraded?: string[] };
      this.served.push({
        atMs,
        tookMs: performance.now() - atMs,
        status: response.status,
        degraded: body.degraded ?? [],
        items: body.recommendations?.length ?? 0,
      });
    });
  }

  stop(): Promise<void> {
    return this.#load.stop();
  }

  /** Those asked for since. */
  since(fromMs: number): readonly Served[] {
    return this.served.filter(({ atMs }) => atMs >= fromMs);
  }
}

export const degradedOf = (served: readonly Served[]): Set<string> =>
  new Set(served.flatMap(({ degraded }) => degraded));

/** Milliseconds that `share` of the answers did not exceed. */
export function latencyOf(served: readonly Served[], share: number): number {
  const sorted = served.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
