import type { LogOffsets } from '../../contracts/log.ts';
import type { LogPlace } from '../event-log.ts';
import { earliestOf, type Exposure, type ExposureStore } from '../exposure-store.ts';
import { toMicroseconds, type MemoryState } from './state.ts';

/** Exposures in a map. */
export class MemoryExposureStore implements ExposureStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  record(exposures: readonly Exposure[], place: LogPlace): Promise<Uint8Array> {
    const isKept = new Uint8Array(exposures.length);
    for (const [key, i] of earliestOf(exposures)) {
      const exposure = exposures[i]!;
      const exposedAtS = toMicroseconds(exposure.exposedAtS);
      const kept = this.#state.exposures.get(key);
      if (kept !== undefined && kept.exposedAtS <= exposedAtS) continue;
      this.#state.exposures.set(key, { ...exposure, exposedAtS, ...place });
      isKept[i] = 1;
    }
    return Promise.resolve(isKept);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the interface is asynchronous, memory is not
  async *after(offsets: LogOffsets) {
    const behind = [...this.#state.exposures.values()].filter(({ writer, batch }) => batch > (offsets[writer] ?? 0));
    if (behind.length > 0) yield behind.sort((a, b) => a.writer - b.writer || a.batch - b.batch);
  }

  count(): Promise<number> {
    return Promise.resolve(this.#state.exposures.size);
  }
}
