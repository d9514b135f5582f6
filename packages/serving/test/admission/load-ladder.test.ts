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

  it('stays while the same load would be too much one level lower, and comes down when it is not', () => {
    const ladder = new LoadLadder();
    ladder.worked(0, 1, 1);
    let nowMs = press(ladder, 0, 300);
    expect(ladder.levelAt(nowMs)).toBe(1);
    // 0.5 ms a request here and 1 ms below: 90 % busy would be 180 %.
    const work = (requests: number): void => {
      for (const untilMs = nowMs + 3_000; nowMs < untilMs; nowMs += 100) {
        ladder.worked(1, requests, requests * 0.5);
        ladder.levelAt(nowMs);
      }
    };
    work(180);
    expect(ladder.levelAt(nowMs)).toBe(1);
    work(60);
    expect(ladder.levelAt(nowMs)).toBe(0);
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
