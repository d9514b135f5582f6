import type { LogOffsets } from '../../contracts/log.ts';
import type { LogPlace } from '../event-log.ts';
import type { Impression, ImpressionStore, RecordedSlate } from '../impression-store.ts';
import { toMicroseconds, type MemoryState } from './state.ts';

/** Shown slates in a map. */
export class MemoryImpressionStore implements ImpressionStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  append(impressions: readonly Impression[]) {
    let inserted = 0;
    for (const impression of impressions) {
      if (this.#state.impressions.has(impression.requestId)) continue;
      const occurredAtS = toMicroseconds(impression.occurredAtS);
      this.#state.impressions.set(impression.requestId, { ...impression, occurredAtS });
      inserted += 1;
    }
    return Promise.resolve({ inserted, duplicates: impressions.length - inserted });
  }

  record(slates: readonly RecordedSlate[], place: LogPlace): Promise<Uint8Array> {
    const { impressions, failedAnswers } = this.#state;
    const isFresh = new Uint8Array(slates.length);
    for (const [i, slate] of slates.entries()) {
      if (impressions.has(slate.requestId) || failedAnswers.has(slate.requestId)) continue;
      const kept = shownOf(slate);
      (slate.error === null ? impressions : failedAnswers).set(kept.requestId, kept);
      this.#keepExperiments(slate, place);
      isFresh[i] = 1;
    }
    return Promise.resolve(isFresh);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the interface is asynchronous, memory is not
  async *experimentsAfter(offsets: LogOffsets) {
    const behind = [...this.#state.slateExperiments.values()].filter(
      ({ writer, batch }) => batch > (offsets[writer] ?? 0),
    );
    if (behind.length > 0) yield behind.sort((a, b) => a.writer - b.writer || a.batch - b.batch);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the interface is asynchronous, memory is not
  async *stream({ beforeS = Infinity, batchMax = 5_000 }: { beforeS?: number; batchMax?: number } = {}) {
    const sorted = [...this.#state.impressions.values()]
      .filter(({ occurredAtS }) => occurredAtS < beforeS)
      .sort(
        (a, b) => a.occurredAtS - b.occurredAtS || Buffer.compare(Buffer.from(a.requestId), Buffer.from(b.requestId)),
      );
    for (let start = 0; start < sorted.length; start += batchMax) yield sorted.slice(start, start + batchMax);
  }

  count(): Promise<number> {
    return Promise.resolve(this.#state.impressions.size);
  }

  #keepExperiments(slate: RecordedSlate, place: LogPlace): void {
    for (const seen of slate.experiments)
      this.#state.slateExperiments.set(JSON.stringify([slate.requestId, seen.experiment]), {
        ...place,
        ...seen,
        requestId: slate.requestId,
        occurredAtS: toMicroseconds(slate.occurredAtS),
        items: slate.itemIds.length,
        tier: slate.tier,
        degraded: slate.degraded.length > 0,
        failed: slate.error !== null,
        latencyMs: Math.fround(slate.latencyMs),
        sampled: Math.fround(slate.sampled),
      });
  }
}

const shownOf = (slate: RecordedSlate): Impression => ({
  requestId: slate.requestId,
  userId: slate.userId,
  sessionId: slate.sessionId,
  occurredAtS: toMicroseconds(slate.occurredAtS),
  surface: slate.surface,
  device: slate.device,
  category: slate.category,
  itemIds: slate.itemIds,
  propensities: slate.propensities,
});
