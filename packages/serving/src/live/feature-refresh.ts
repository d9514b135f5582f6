import { Pace } from '@shortlist/core/release/pace.ts';
import type { Pieces } from '@shortlist/core/catalog/pieces.ts';
import type { LiveRelease } from './live-release.ts';

/** Rows between two looks at the clock: about half a millisecond. */
const ROWS_PER_PIECE = 50;
const EVERY_MS = 1_000;
/** Every row is recomputed at least once in this time: training's features are as of the last full hour. */
const SWEEP_S = 3_600;
/** New items that get their content neighbours in a round: up to 20 ms each in a large category. */
const PLACED_PER_ROUND = 10;

/** Recomputes all rows of a release, resting as long as it works. */
export function refreshAll(live: LiveRelease, asOfS: number): Promise<void> {
  live.dirty.clear();
  return Pace.shared().run(
    refreshRows(live, live.release.catalog.prices.subarray(0, live.release.catalog.count).keys(), asOfS),
  );
}

function* refreshRows({ features }: LiveRelease, rows: Iterable<number>, asOfS: number): Pieces<void> {
  if (features === null) return;
  let left = ROWS_PER_PIECE;
  for (const row of rows) {
    features.refresh(row, asOfS);
    if (--left > 0) continue;
    left = ROWS_PER_PIECE;
    yield;
  }
}

/**
 * Keeps item features fresh, off the request path: each second the rows whose counters or price changed, and the next part
 * of a sweep that comes round within the hour, so that decay shows in rows that nothing happens to. New items get their
 * content neighbours here, too, since these take longer than a change may.
 */
export class FeatureRefresh {
  readonly #residents: () => Iterable<LiveRelease>;
  readonly #nowS: () => number;
  readonly #onFailure: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | null = null;

  constructor(residents: () => Iterable<LiveRelease>, nowS: () => number, onFailure: (error: unknown) => void) {
    this.#residents = residents;
    this.#nowS = nowS;
    this.#onFailure = onFailure;
    this.#timer = setInterval(() => this.#tick(), EVERY_MS);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  #tick(): void {
    // A round that takes longer than its time is not started twice.
    this.#running ??= this.#round()
      .catch(this.#onFailure)
      .finally(() => (this.#running = null));
  }

  async #round(): Promise<void> {
    for (const live of [...this.#residents()]) {
      const rows = [...live.dirty, ...nextOfSweep(live)];
      live.dirty.clear();
      await Pace.shared().run(refreshRows(live, rows, this.#nowS()));
      await Pace.shared().run(live.placeByContent(PLACED_PER_ROUND));
    }
  }
}

function nextOfSweep(live: LiveRelease): number[] {
  const { count } = live.release.catalog;
  const size = Math.ceil((count * EVERY_MS) / 1000 / SWEEP_S);
  const rows = Array.from({ length: Math.min(size, count) }, (_, i) => (live.sweptTo + i) % count);
  live.sweptTo = (live.sweptTo + size) % Math.max(1, count);
  return rows;
}
