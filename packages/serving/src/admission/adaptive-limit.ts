export interface AdaptiveLimitOptions {
  /** Where it starts, and most that it becomes. */
  readonly limitMax: number;
  /** Queue time to steer for, ms. */
  readonly targetMs: number;
}

/** Below this a slow machine could not even fill one batch while another one computes. */
const LIMIT_MIN = 8;
/** How often the limit moves, ms. */
const WINDOW_MS = 100;
/** A window lasts until it has seen as many. */
const SAMPLES_MIN = 10;
/** The most that one window takes away. */
const GRADIENT_MIN = 0.5;

/**
 * How many requests may be in flight, learnt from how long they queue.
 *
 *     L <- clamp(B * g + sqrt(B)),   g = clamp(target / q, 0.5, 1),   B = L, or the most that was in flight where q > target
 *
 * with q the *shortest* queue time of a window of 100 ms. A burst, or a stall of the process, makes some requests wait
 * but not the shortest one, and leaves L alone; a standing queue makes all of them wait, and L falls to where q is about
 * the target: L * cost = target / (1 - 1 / sqrt(L)).
 *
 * Source: the gradient and the headroom of sqrt(L) are those of Netflix's concurrency-limits (`GradientLimit`; "Performance
 * Under Load", 2018), the shortest sojourn as the sign of a standing queue is CoDel's (RFC 8289, section 3.2). Deviations:
 * q is a queue time, since we own the queue, so nothing has to be known of the latency without load; L starts at its
 * maximum and grows without being used up, because deadlines bound the queue as well; it falls from what was in flight (B),
 * or the first second of an overload would be lost on the way down.
 */
export class AdaptiveLimit {
  readonly #max: number;
  readonly #targetMs: number;
  #limit: number;
  #windowFromMs = -Infinity;
  #samples = 0;
  #inFlightMost = 0;
  #shortestMs = new Map<string, number>();

  constructor({ limitMax, targetMs }: AdaptiveLimitOptions) {
    this.#max = Math.max(limitMax, LIMIT_MIN);
    this.#targetMs = targetMs;
    this.#limit = this.#max;
  }

  get limit(): number {
    return Math.floor(this.#limit);
  }

  /**
   * A request of this class left the queue after `waitedMs`, when `inFlight` were. Classes have queues of their own, and the one that stands
   * longest counts. Returns the shortest wait of each class when this ends a window, else null.
   */
  sample(
    priority: string,
    { waitedMs, inFlight, nowMs }: { waitedMs: number; inFlight: number; nowMs: number },
  ): ReadonlyMap<string, number> | null {
    if (this.#samples === 0) this.#windowFromMs = nowMs;
    this.#samples += 1;
    this.#inFlightMost = Math.max(this.#inFlightMost, inFlight);
    this.#shortestMs.set(priority, Math.min(waitedMs, this.#shortestMs.get(priority) ?? Infinity));
    if (this.#samples < SAMPLES_MIN || nowMs - this.#windowFromMs < WINDOW_MS) return null;
    const shortestMs = this.#shortestMs;
    this.#samples = 0;
    this.#shortestMs = new Map();
    this.#move(Math.max(...shortestMs.values()));
    this.#inFlightMost = 0;
    return shortestMs;
  }

  #move(queuedMs: number): void {
    const gradient = Math.min(1, Math.max(GRADIENT_MIN, this.#targetMs / Math.max(queuedMs, Number.EPSILON)));
    const from = gradient < 1 ? Math.min(this.#limit, this.#inFlightMost) : this.#limit;
    const moved = from * gradient + Math.sqrt(from);
    this.#limit = Math.min(this.#max, Math.max(LIMIT_MIN, moved));
  }
}
