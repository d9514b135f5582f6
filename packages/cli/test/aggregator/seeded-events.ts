import { EVENT_CODE, type EventType } from '@shortlist/core/contracts/events.ts';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import type { NewEvent } from '@shortlist/core/stores/event-store.ts';

const DAY_S = 86_400;
const TYPES: readonly EventType[] = [
  'view',
  'view',
  'view',
  'impression',
  'click',
  'add_to_cart',
  'purchase',
  'search',
];

export interface SeededEventsOptions {
  readonly count: number;
  readonly seed: number;
  /** Middle of their times, unix seconds; a midnight (UTC) is best. */
  readonly aroundS: number;
  /** How far from it their clocks may be; default a day. */
  readonly spreadS?: number;
  readonly items?: number;
  readonly users?: number;
}

/** Events of users, of sessions and of both, with few items and people, so that all of them meet often. */
export function seededEvents(options: SeededEventsOptions): NewEvent[] {
  const { count, seed, aroundS, spreadS = DAY_S, items = 40, users = 30 } = options;
  const random = seededRandom(seed);
  const below = (n: number) => Math.floor(random() * n);
  return Array.from({ length: count }, (_, i): NewEvent => {
    const type = TYPES[below(TYPES.length)]!;
    const who = below(3);
    return {
      eventId: `${seed}-${i}`,
      userId: who === 0 ? null : `user ${below(users)}`,
      sessionId: who === 1 ? null : `session ${below(users)}`,
      itemId: type === 'search' ? '' : `item ${below(items)}`,
      type: EVENT_CODE[type],
      occurredAtS: aroundS + (random() * 2 - 1) * spreadS,
      value: null,
      quantity: null,
      surface: null,
      device: null,
      requestId: null,
      position: null,
    };
  });
}

/** Each event 1 to 5 times, in any order. */
export function repeatedAndShuffled<T>(events: readonly T[], seed: number): T[] {
  const random = seededRandom(seed);
  const all = events.flatMap((event) => Array<T>(1 + Math.floor(random() * 5)).fill(event));
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all;
}
