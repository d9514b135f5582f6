import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WorkQueue } from '@shortlist/controller/runtime/work-queue.ts';

const BACKOFF = { baseMs: 100, maxMs: 1_000 };

function queueAt(clock: { nowMs: number }) {
  return new WorkQueue({ backoff: BACKOFF, nowMs: () => clock.nowMs, chance: () => 0 });
}

/** What may happen to a queue. Keys are few, so that they meet. */
const KEYS = ['a', 'b', 'c', 'd'];
const command = fc.oneof(
  fc.record({
    do: fc.constant('add' as const),
    key: fc.constantFrom(...KEYS),
    afterMs: fc.constantFrom(0, 0, 50, 200, 5_000),
  }),
  fc.record({ do: fc.constant('take' as const) }),
  fc.record({ do: fc.constant('done' as const), failed: fc.boolean() }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 400 }) }),
  fc.record({ do: fc.constant('forget' as const), key: fc.constantFrom(...KEYS) }),
);

/** The same as a plain list, slow and obvious. */
class Model {
  readonly due = new Map<string, number>();
  readonly busy: string[] = [];
  readonly failures = new Map<string, number>();

  add(key: string, atMs: number): void {
    this.due.set(key, Math.min(this.due.get(key) ?? Infinity, atMs));
  }

  ready(nowMs: number): string[] {
    return [...this.due].filter(([key, atMs]) => atMs <= nowMs && !this.busy.includes(key)).map(([key]) => key);
  }

  done(key: string, failed: boolean, nowMs: number): void {
    this.busy.splice(this.busy.indexOf(key), 1);
    const failures = failed ? (this.failures.get(key) ?? 0) + 1 : 0;
    this.failures.set(key, failures);
    if (failed) this.add(key, nowMs + Math.min(BACKOFF.maxMs, BACKOFF.baseMs * 2 ** (failures - 1)) / 2);
  }
}

describe('the work queue', () => {
  it('does what the obvious one does: a key once, its earliest time, never taken twice at a time', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 120 }), (commands) => {
        const clock = { nowMs: 0 };
        const queue = queueAt(clock);
        const model = new Model();
        for (const one of commands) {
          if (one.do === 'wait') clock.nowMs += one.ms;
          else if (one.do === 'add') {
            queue.add(one.key, one.afterMs);
            model.add(one.key, clock.nowMs + one.afterMs);
          } else if (one.do === 'forget') {
            queue.forget(one.key);
            model.due.delete(one.key);
            model.failures.delete(one.key);
          } else if (one.do === 'done') {
            const [key] = model.busy;
            if (key === undefined) continue;
            queue.done(key, one.failed);
            model.done(key, one.failed, clock.nowMs);
          } else {
            const ready = model.ready(clock.nowMs);
            const taken = queue.take();
            if (taken === null) expect(ready).toEqual([]);
            else {
              expect(ready).toContain(taken);
              const earliest = Math.min(...ready.map((key) => model.due.get(key)!));
              expect(model.due.get(taken)).toBe(earliest);
              model.due.delete(taken);
              model.busy.push(taken);
            }
          }
          expect(queue.waiting).toBe(model.due.size);
          expect(queue.busy).toBe(model.busy.length);
          const times = [...model.due].filter(([key]) => !model.busy.includes(key)).map(([, atMs]) => atMs);
          expect(queue.nextDueMs()).toBe(times.length === 0 ? null : Math.max(0, Math.min(...times) - clock.nowMs));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('gives what was added first, first', () => {
    const queue = queueAt({ nowMs: 0 });
    for (const key of ['c', 'a', 'b', 'a']) queue.add(key);
    expect([queue.take(), queue.take(), queue.take(), queue.take()]).toEqual(['c', 'a', 'b', null]);
  });

  it('gives a key again that was added while it was worked on, and only then', () => {
    const queue = queueAt({ nowMs: 0 });
    queue.add('a');
    expect(queue.take()).toBe('a');
    queue.add('a');
    queue.add('a');
    expect(queue.take()).toBeNull();
    queue.done('a', false);
    expect([queue.take(), queue.take()]).toEqual(['a', null]);
  });

  it('waits longer after each failure, and from the start again after a success', () => {
    const clock = { nowMs: 0 };
    const queue = queueAt(clock);
    queue.add('a');
    const waits: (number | null)[] = [];
    for (const failed of [true, true, true, false, true]) {
      queue.take();
      queue.done('a', failed);
      if (!failed) queue.add('a');
      waits.push(queue.nextDueMs());
      clock.nowMs += queue.nextDueMs() ?? 0;
    }
    expect(waits).toEqual([50, 100, 200, 0, 50]);
  });

  it('holds no more than its keys, however often they are added earlier and earlier', () => {
    const clock = { nowMs: 0 };
    const queue = queueAt(clock);
    for (let i = 0; i < 100_000; i++) queue.add(KEYS[i % 4]!, 1_000_000 - i);
    expect(queue.waiting).toBe(4);
    clock.nowMs = 1_000_000;
    const taken = [queue.take(), queue.take(), queue.take(), queue.take()];
    expect(taken.toSorted()).toEqual(KEYS);
    expect(queue.take()).toBeNull();
  });
});
