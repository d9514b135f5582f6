import type { NewEvent } from '../event-store.ts';
import { dayOfMicroseconds, microsecondsOf } from './binary-values.ts';

/** The UTC day in which an event is stored, from 1970-01-01. */
export const dayOfEvent = (event: NewEvent): number => dayOfMicroseconds(microsecondsOf(event.occurredAtS));

/** Rows of table `unit_days`, as parallel arrays of `count`. */
interface UnitDayRows {
  readonly count: number;
  /** `u:<user id>` or `s:<session id>`. */
  readonly units: readonly string[];
  /** From 1970-01-01. */
  readonly days: readonly number[];
}

/** On which days which units have events: the rows that table `unit_days` must hold for them. */
export class UnitDays {
  /** Units by day: a shop's events meet few days at a time. */
  readonly #byDay = new Map<number, Set<string>>();

  constructor(events: readonly NewEvent[] = []) {
    for (const event of events) this.add(event, dayOfEvent(event));
  }

  add({ userId, sessionId }: NewEvent, day: number): void {
    let units = this.#byDay.get(day);
    if (units === undefined) this.#byDay.set(day, (units = new Set()));
    if (userId !== null) units.add(`u:${userId}`);
    if (sessionId !== null) units.add(`s:${sessionId}`);
  }

  /** Each row of these days once, in one order everywhere, so that two writers cannot wait for each other in a circle. */
  rows(isWanted: (day: number) => boolean = () => true): UnitDayRows {
    const units: string[] = [];
    const days: number[] = [];
    for (const day of [...this.#byDay.keys()].filter(isWanted).sort((a, b) => a - b))
      for (const unit of [...this.#byDay.get(day)!].sort()) {
        units.push(unit);
        days.push(day);
      }
    return { count: units.length, units, days };
  }
}
