import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { LoopClock } from '../../src/batching/loop-clock.ts';

let clock: LoopClock | undefined;
afterEach(() => clock?.close());

describe('the clock of deadlines', () => {
  it('runs like a monotonic clock while the loop turns, and counts a turn that took long as 50 ms', () => {
    let realMs = 1000;
    clock = new LoopClock(() => realMs);
    const started = clock.nowMs();
    for (let turn = 0; turn < 10; turn++) {
      realMs += 20;
      clock.nowMs();
    }
    expect(clock.nowMs() - started).toBe(200);
    realMs += 3000;
    expect(clock.nowMs() - started).toBe(250);
    realMs += 20;
    expect(clock.nowMs() - started).toBe(270);
  });

  it('reads the time by itself, so that a quiet while is no long turn', async () => {
    let realMs = 0;
    clock = new LoopClock(() => (realMs += 20));
    const started = clock.nowMs();
    await sleep(100);
    expect(clock.nowMs() - started).toBeGreaterThan(60);
  });
});
