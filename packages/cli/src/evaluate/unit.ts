/** One user, or one anonymous session, that a slate is evaluated for. */
export interface EvaluationUnit {
  readonly id: string;
  readonly kind: 'user' | 'session';
  /** Events of the unit before the request. */
  readonly historyEvents: number;
  /** When the slate is asked for, unix seconds. */
  readonly requestS: number;
  /** Relevant items that the release knows, as rows. */
  readonly truth: ReadonlySet<number>;
  /** Relevant items that training never saw, by id. */
  readonly unseenTruth: readonly string[];
}

/** Events in training from which on a user counts as warm. */
export const WARM_EVENTS_MIN = 5;
