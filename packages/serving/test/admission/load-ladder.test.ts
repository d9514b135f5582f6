import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LADDER, LoadLadder } from '@shortlist/serving/admission/load-ladder.ts';

/** Pressure every 50 ms for so long. */
function press(ladder: LoadLadder, fromMs: number, forMs: number): number {
  for (let nowMs = fromMs; nowMs <= fromMs + forMs; nowMs += 50) ladder.press(nowMs);
  return fromMs + forMs;
}

describe('the ladder', () => {
  it('goes up one step for every 300 ms of pressure without a pause, to the top and no further', () => {
    const ladder = new LoadLadder();
    press(ladder, 0, 250);
    expect(ladder.levelAt(250)).toBe(0);
    press(ladder, 300, 0);
    expect(ladder.levelAt(300)).toBe(1);
    press(ladder, 350, 5_000);
    expect(ladder.levelAt(5_350)).toBe(LADDER.length - 1);
  });

  it('forgives bursts with pauses between them', () => {
    const ladder = new LoadLadder();
    for (let fromMs = 0; fromMs < 10_000; fromMs += 600) press(ladder, fromMs, 250);
    expect(ladder.levelAt(10_000)).toBe(0);
  });

  it('comes down from the top within 5 s of calm', () => {
    const ladder = new LoadLadder();
    const calmMs = press(ladder, 0, 2_000);
    expect(ladder.levelAt(calmMs)).toBe(3);
    let atMs = calmMs;
    while (ladder.levelAt(atMs) > 0 && atMs < calmMs + 60_000) atMs += 10;
    expect(atMs - calmMs).toBeLessThan(5_000);
  });

  /** Calm work of so many requests per 100 ms, at 0.5 ms each. */
  function work(ladder: LoadLadder, requests: number, from: { ms: number }, forMs: number): void {
    for (const untilMs = from.ms + forMs; from.ms < untilMs; from.ms += 100) {
      ladder.worked(ladder.levelAt(from.ms), requests, requests * 0.5);
      ladder.levelAt(from.ms);
    }
  }

  it('comes down at once when there is time for it, and later when a request costs too much one level lower', () => {
    for (const [requests, isSoon] of [
      [60, true],
      [160, false],
    ] as const) {
      const ladder = new LoadLadder();
      // 1 ms a request at level 0.
      for (let i = 0; i < 100; i++) ladder.worked(0, 1, 1);
      const now = { ms: press(ladder, 0, 300) };
      expect(ladder.levelAt(now.ms)).toBe(1);
      work(ladder, requests, now, 1_200);
      expect(ladder.levelAt(now.ms)).toBe(isSoon ? 0 : 1);
      // What it cost was measured under pressure: a long calm overrules it.
      work(ladder, requests, now, 700);
      expect(ladder.levelAt(now.ms)).toBe(0);
    }
  });

  it('tries a step that was too early less and less often', () => {
    const ladder = new LoadLadder();
    let nowMs = press(ladder, 0, 300);
    const calms: number[] = [];
    for (let attempt = 0; attempt < 6; attempt++) {
      const fromMs = nowMs;
      while (ladder.levelAt(nowMs) > 0) nowMs += 10;
      calms.push(nowMs - fromMs);
      nowMs = press(ladder, nowMs, 300);
    }
    expect(calms).toEqual([1000, 2000, 4000, 8000, 8000, 8000]);
  });

  it('moves one step at a time, whatever it is told', () => {
    const step = fc.record({ kind: fc.constantFrom('press', 'work', 'wait'), ms: fc.nat(700) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const ladder = new LoadLadder();
        let [nowMs, before] = [0, 0];
        for (const { kind, ms } of steps) {
          nowMs += ms;
          if (kind === 'press') ladder.press(nowMs);
          if (kind === 'work') ladder.worked(before, 4, ms);
          const level = ladder.levelAt(nowMs);
          expect(Math.abs(level - before)).toBeLessThanOrEqual(1);
          expect(LADDER[level]).toBeDefined();
          before = level;
        }
      }),
    );
  });
});
