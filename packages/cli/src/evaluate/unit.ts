import type { ProfileEvents } from '@shortlist/core/contracts/profile.ts';

/** One user, or one anonymous session, that a slate is evaluated for. */
export interface EvaluationUnit {
  readonly id: string;
  readonly kind: 'user' | 'session';
  /** All that is known of the unit before the request; empty for a user that training never saw. */
  readonly history: ProfileEvents;
  /** When the slate is asked for, unix seconds. */
  readonly requestS: number;
  /**
   * Relevant items that the release knows, as rows. A given split also counts those that training never saw, as misses:
   * they are -1, -2, ..., which no list holds.
   */
  readonly truth: ReadonlySet<number>;
  /** Relevant items that training never saw, by id. */
  readonly unseenTruth: readonly string[];
  /** What the unit bought before, as rows: left out of the lists in mode `new-only`. */
  readonly bought: ReadonlySet<number>;
}

/** Events in training from which on a user counts as warm. */
export const WARM_EVENTS_MIN = 5;

/** What is relevant in the test period, by event type. */
export const LABELS = {
  purchase: ['purchase'],
  add_to_cart: ['add_to_cart', 'purchase'],
  any: ['view', 'click', 'add_to_cart', 'purchase'],
} as const;
export type Label = keyof typeof LABELS;
