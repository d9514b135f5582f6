import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NeverReady, restartAfterMs, supervise, type KeptProcess } from '../../src/serve/supervisor.ts';

/** A process that does what the test says. */
class Fake implements KeptProcess {
  isStopped = false;
  end: (reason: string) => void = () => undefined;
  becomeReady: () => void = () => undefined;
  readonly ended = new Promise<string>((resolve) => (this.end = resolve));
  readonly ready = new Promise<void>((resolve) => (this.becomeReady = resolve));

  stop(): Promise<void> {
    this.isStopped = true;
    this.end('stopped');
    return Promise.resolve();
  }
}

function stage(count: number) {
  const started: { number: number; process: Fake }[] = [];
  const told: string[] = [];
  const pauses: number[] = [];
  const stop = new AbortController();
  const clock = { nowMs: 0 };
  const done = supervise(
    {
      count,
      start(number) {
        const process = new Fake();
        started.push({ number, process });
        return process;
      },
      onReady: (number) => told.push(`${number} ready`),
      onEnded: (number, reason) => told.push(`${number} ended: ${reason}`),
      pause: (ms) => Promise.resolve(pauses.push(ms)),
      nowMs: () => clock.nowMs,
    },
    stop.signal,
  );
  return { started, told, pauses, stop, clock, done };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the supervisor', () => {
  it('starts as many as it is told, and stops all of them when asked', async () => {
    const { started, stop, done } = stage(3);
    expect(started.map(({ number }) => number)).toEqual([1, 2, 3]);
    stop.abort();
    await done;
    expect(started.map(({ process }) => process.isStopped)).toEqual([true, true, true]);
  });

  it('starts one again that dies, later and later, and at once again when it ran for long', async () => {
    const { started, told, pauses, stop, clock, done } = stage(2);
    started[0]!.process.becomeReady();
    await turn();
    for (let death = 0; death < 4; death++) {
      if (death === 3) clock.nowMs += 60_000;
      started.findLast(({ number }) => number === 1)!.process.end('SIGKILL');
      await turn();
    }
    expect(pauses).toEqual([500, 1000, 2000, 500]);
    expect(started.filter(({ number }) => number === 2)).toHaveLength(1);
    expect(told).toEqual(['1 ready', ...Array.from({ length: 4 }, () => '1 ended: SIGKILL')]);
    stop.abort();
    await done;
  });

  it('gives up when one ends before any was ready, and takes the others along', async () => {
    const { started, done } = stage(2);
    started[1]!.process.end('release_none_active: No release of demo is active');
    await expect(done).rejects.toThrow(NeverReady);
    await expect(done).rejects.toThrow('release_none_active');
    expect(started[0]!.process.isStopped).toBe(true);
  });

  it('starts nothing after it was asked to stop', async () => {
    const { started, stop, done } = stage(1);
    started[0]!.process.becomeReady();
    await turn();
    stop.abort();
    started[0]!.process.end('SIGKILL');
    await done;
    expect(started).toHaveLength(1);
  });

  it('pauses longer after every failure, and never longer than half a minute', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000 }), (failures) => {
        const afterMs = restartAfterMs(failures);
        expect(afterMs).toBeGreaterThanOrEqual(failures === 1 ? 500 : restartAfterMs(failures - 1));
        expect(afterMs).toBeLessThanOrEqual(30_000);
      }),
    );
  });
});
