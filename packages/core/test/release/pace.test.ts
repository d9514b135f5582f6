import { describe, expect, it } from 'vitest';
import { atOnce, type Pieces } from '../../src/catalog/pieces.ts';
import { Pace } from '../../src/release/pace.ts';

/** Keeps the thread busy for about a millisecond before every yield. */
function* busy(pieces: number, done: () => void): Pieces<number> {
  for (let piece = 0; piece < pieces; piece++) {
    const startedMs = performance.now();
    while (performance.now() - startedMs < 1);
    yield;
    done();
  }
  return pieces;
}

/** Counts turns of the event loop until stopped. */
function countTurns(): { readonly turns: () => number; readonly stop: () => void } {
  let turns = 0;
  let next = setImmediate(function count() {
    turns += 1;
    next = setImmediate(count);
  });
  return { turns: () => turns, stop: () => clearImmediate(next) };
}

describe.each([
  ['alone', () => Pace.alone()],
  ['shared', () => Pace.shared()],
])('a load %s', (_, create) => {
  it('lets the event loop turn between pieces, and gives what the work gives', async () => {
    const counted = countTurns();
    const seen: number[] = [];
    expect(await create().run(busy(40, () => seen.push(counted.turns())))).toBe(40);
    counted.stop();
    // 40 ms in slices of 3 ms: the loop turned several times while it ran, not only before and after.
    expect(new Set(seen).size).toBeGreaterThan(5);
  });
  it('throws what the work throws', async () => {
    const failing = (function* (): Pieces<void> {
      yield;
      throw new Error('torn');
    })();
    await expect(create().run(failing)).rejects.toThrow('torn');
  });
});

describe('work in pieces', () => {
  it('gives the same when it is done at once', () => {
    let pieces = 0;
    expect(atOnce(busy(3, () => (pieces += 1)))).toBe(3);
    expect(pieces).toBe(3);
  });
});
