import { EVENT_CODE } from '../../contracts/events.ts';
import { dayOf } from '../event-log.ts';
import { retractionsOf } from '../retractions.ts';
import type { DroppedDay, EventPartition, RetentionStore } from '../retention-store.ts';
import type { MemoryEvent, MemoryState } from './state.ts';

const unitOf = ({ userId, sessionId }: MemoryEvent) => (userId === null ? `s:${sessionId ?? ''}` : `u:${userId}`);

/** Retention over the memory event log; it has no consumers of its own to wait for. */
export class MemoryRetentionStore implements RetentionStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  partitions(): Promise<readonly EventPartition[]> {
    const counts = new Map<number, number>();
    for (const { occurredAtS } of this.#state.events.values())
      counts.set(dayOf(occurredAtS), (counts.get(dayOf(occurredAtS)) ?? 0) + 1);
    const days = [...counts].sort(([a], [b]) => a - b);
    return Promise.resolve(days.map(([day, eventsEstimate]) => ({ day, eventsEstimate, bytes: 0 })));
  }

  daysBefore(day: number): Promise<readonly number[]> {
    const { events, impressions, failedAnswers } = this.#state;
    const rows = [...events.values(), ...impressions.values(), ...failedAnswers.values()];
    const days = new Set(rows.map(({ occurredAtS }) => dayOf(occurredAtS)));
    return Promise.resolve([...days].filter((one) => one < day).sort((a, b) => a - b));
  }

  dropDay(day: number): Promise<DroppedDay> {
    const { events, impressions, failedAnswers, slateExperiments } = this.#state;
    const gone = [...events.values()].filter(({ occurredAtS }) => dayOf(occurredAtS) === day);
    for (const { eventId } of gone) events.delete(eventId);
    const nextPurchaseS = (itemId: string, unit: string) => {
      const times = [...events.values()]
        .filter((event) => event.type === EVENT_CODE.purchase && event.itemId === itemId && unitOf(event) === unit)
        .map(({ occurredAtS }) => occurredAtS);
      return times.length === 0 ? null : Math.min(...times);
    };
    const retracted = gone.map((event) => ({
      itemId: event.itemId,
      type: event.type,
      timeS: event.occurredAtS,
      unit: unitOf(event),
    }));
    const answers = [...impressions.values(), ...failedAnswers.values()];
    const slates = answers.filter(({ occurredAtS }) => dayOf(occurredAtS) === day);
    for (const { requestId } of slates) {
      impressions.delete(requestId);
      failedAnswers.delete(requestId);
    }
    for (const [key, { occurredAtS }] of slateExperiments) if (dayOf(occurredAtS) === day) slateExperiments.delete(key);
    const shown = slates.flatMap(({ itemIds, occurredAtS }) =>
      itemIds.map((itemId) => ({ itemId, type: EVENT_CODE.impression, timeS: occurredAtS, unit: '' })),
    );
    const retractions = retractionsOf([...retracted, ...shown], nextPurchaseS);
    return Promise.resolve({ events: gone.length, impressions: slates.length, retractions });
  }

  forgetBefore(beforeDay: number): Promise<Readonly<Record<string, number>>> {
    const { exposures } = this.#state;
    const before = exposures.size;
    for (const [key, { exposedAtS }] of exposures) if (dayOf(exposedAtS) < beforeDay) exposures.delete(key);
    // Ids go with their events here.
    return Promise.resolve({ exposures: before - exposures.size });
  }

  pruneLog(beforeS: number): Promise<number> {
    let pruned = 0;
    for (const [writer, batches] of this.#state.log) {
      const left = batches.filter(({ createdAtS }) => createdAtS >= beforeS);
      pruned += batches.length - left.length;
      this.#state.log.set(writer, left);
    }
    return Promise.resolve(pruned);
  }
}
