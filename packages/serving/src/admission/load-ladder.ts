/** What is left out when there is more to do than time, lightest first; `degraded` of an answer names it. */
export const LADDER = ['full', 'load.candidates', 'load.rank', 'load.lists'] as const;

/** Pressure without a pause of `CALM_MS` for as long leads one step up. */
const UP_AFTER_MS = 300;
/** Pressure that comes rarer is none: a burst that was shed is over. */
const CALM_MS = 250;
/** No pressure for as long leads one step down. Three steps take less than the 5 s within which a pod is to recover. */
const DOWN_AFTER_MS = 1_000;
/** How busy a step down may make the pod. Above, it would come back at once, by what requests cost when last measured. */
const BUSY_MAX = 0.9;
/** After so long a calm, a step down is tried whatever requests cost there when last measured: it was measured cold. */
const TRY_AFTER_MS = 1_500;
/** Pressure so soon after a step down says that it was too early; the next one waits twice as long, up to the last. */
const TOO_EARLY_MS = 3_000;
const HOLD_MAX_MS = 8_000;
/** What a request of the next lower level costs when that was not measured yet, in costs at this level. */
const COST_RATIO_GUESS = 1.5;
const SMOOTHING = 0.1;

/**
 * Which level requests are answered at. Degraded answers come before refusals: pressure is a queue that begins to stand,
 * or shoppers (not prefetches) that are refused. The way down waits until the pod is calm and would not be too busy one level
 * lower, by the measured cost of a request there; else a steady overload would make it go up and down for ever. Since that
 * cost was measured under pressure, a long calm overrules it; what turns out to have been too early is tried later again.
 *
 * Time is given, never read, so all of it is a function of what it was told.
 * Source: Google SRE book, chapter 21, "Degraded responses first"; the ladder itself is ours.
 */
export class LoadLadder {
  #level = 0;
  /** Since when there is pressure without a pause; null while there is none. */
  #pressedSinceMs: number | null = null;
  #pressedMs = -Infinity;
  /** Since when the pod is at this level, or calm there, whichever came later. */
  #calmSinceMs = -Infinity;
  #steppedDownMs = -Infinity;
  /** How long the calm must last before the next step down. */
  #holdMs = DOWN_AFTER_MS;
  /** Computing since `#calmSinceMs`, ms. */
  #workedMs = 0;
  /** Smoothed ms of computing a request, by level; NaN where none was. */
  readonly #costsMs = new Float64Array(LADDER.length).fill(NaN);

  /** There is more to do than time. */
  press(nowMs: number): void {
    if (this.#pressedSinceMs === null || nowMs - this.#pressedMs > CALM_MS) this.#pressedSinceMs = nowMs;
    this.#pressedMs = nowMs;
    if (nowMs - this.#pressedSinceMs >= UP_AFTER_MS && this.#level < LADDER.length - 1) {
      this.#level += 1;
      this.#pressedSinceMs = nowMs;
      const wasEarly = nowMs - this.#steppedDownMs < TOO_EARLY_MS;
      this.#holdMs = wasEarly ? Math.min(HOLD_MAX_MS, 2 * this.#holdMs) : DOWN_AFTER_MS;
    }
    this.#calm(nowMs);
  }

  /** A batch of `requests` at `level` was computed in `tookMs`. */
  worked(level: number, requests: number, tookMs: number): void {
    const cost = tookMs / requests;
    const known = this.#costsMs[level]!;
    this.#costsMs[level] = Number.isNaN(known) ? cost : known + SMOOTHING * (cost - known);
    this.#workedMs += tookMs;
  }

  levelAt(nowMs: number): number {
    const calmMs = nowMs - this.#calmSinceMs;
    if (this.#level > 0 && calmMs >= this.#holdMs) {
      const busy = this.#workedMs / calmMs;
      if (busy * this.#costRatio() <= BUSY_MAX || calmMs >= Math.max(TRY_AFTER_MS, this.#holdMs)) this.#stepDown(nowMs);
    }
    return this.#level;
  }

  #stepDown(nowMs: number): void {
    this.#level -= 1;
    this.#steppedDownMs = nowMs;
    this.#calm(nowMs);
  }

  /** Cost of a request one level lower, in costs at this level. */
  #costRatio(): number {
    const ratio = this.#costsMs[this.#level - 1]! / this.#costsMs[this.#level]!;
    return Number.isFinite(ratio) ? Math.max(1, ratio) : COST_RATIO_GUESS;
  }

  #calm(nowMs: number): void {
    this.#calmSinceMs = nowMs;
    this.#workedMs = 0;
  }
}
