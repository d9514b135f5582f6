import type { NewEvent } from '../event-store.ts';
import { dayOfMicroseconds, microsecondsOf } from './binary-values.ts';

/** The UTC day in which an event is stored, from 1970-01-01. */
export const dayOfEvent = (event: NewEvent): number => dayOfMicroseconds(microsecondsOf(event.occurredAtS));

/**
 * On which days which units have events: the rows that table `unit_days` must hold for `events`, each once, in one order
 * everywhere, so that two writers cannot wait for each other in a circle.
 */
export class UnitDays {
  readonly count: number;
  /** `u:<user id>` or `s:<session id>`. */
  readonly units: readonly string[];
  /** From 1970-01-01, parallel. */
  readonly days: readonly number[];

  constructor(events: readonly NewEvent[]) {
    /** Units by day: a shop's events meet few days at a time. */
    const byDay = new Map<number, Set<string>>();
    for (const event of events) {
      const day = dayOfEvent(event);
      let units = byDay.get(day);
      if (units === undefined) byDay.set(day, (units = new Set()));
      if (event.userId !== null) units.add(`u:${event.userId}`);
      if (event.sessionId !== null) units.add(`s:${event.sessionId}`);
    }
    const units: string[] = [];
    const days: number[] = [];
    for (const day of [...byDay.keys()].sort((a, b) => a - b))
      for (const unit of [...byDay.get(day)!].sort()) {
        units.push(unit);
        days.push(day);
      }
    this.count = units.length;
    this.units = units;
    this.days = days;
  }
}
