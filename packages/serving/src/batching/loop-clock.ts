/** A turn of the event loop counts at most this long: a full batch takes less. */
const TURN_MAX_MS = 50;
/** How often the clock looks at the time when nobody asks it. */
const BEAT_MS = 10;

/**
 * Milliseconds in which requests could be served: like a monotonic clock, but a turn of the event loop that took longer
 * than `TURN_MAX_MS` (a release's native library at work, a collection of garbage, a machine that stood still) counts
 * only as that much. Deadlines on this clock end when a request has waited for its turn behind others, which is overload,
 * and not because the process was kept from working, after which all that waited would be refused at once.
 */
export class LoopClock {
  readonly #realMs: () => number;
  readonly #beat: NodeJS.Timeout;
  #readAtMs: number;
  #servedMs = 0;

  constructor(realMs: () => number = () => performance.now()) {
    this.#realMs = realMs;
    this.#readAtMs = realMs();
    this.#beat = setInterval(() => this.nowMs(), BEAT_MS).unref();
  }

  nowMs(): number {
    const readAtMs = this.#realMs();
    this.#servedMs += Math.min(readAtMs - this.#readAtMs, TURN_MAX_MS);
    this.#readAtMs = readAtMs;
    return this.#servedMs;
  }

  close(): void {
    clearInterval(this.#beat);
  }
}
