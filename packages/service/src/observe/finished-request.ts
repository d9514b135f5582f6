import type { RequestTimings } from './request-timings.ts';

/** A request that has its answer: what metrics and the log are told. */
export interface FinishedRequest {
  readonly requestId: string;
  /** '' where the request was refused before it had one. */
  readonly method: string;
  /** The route's path, never the client's text; `unmatched` when there is none, `refused` before routing. */
  readonly route: string;
  readonly status: number;
  readonly ms: number;
  /** '' where the answer is no slate. */
  readonly tier: string;
  readonly degraded: readonly string[];
  readonly timings?: RequestTimings;
  /** Why the answer is an error. */
  readonly error?: unknown;
}
