import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Timeline } from '../../src/generate/timeline.ts';

describe('Timeline', () => {
  it('gives everything back in time order, equal times in order of arrival', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (times) => {
        const timeline = new Timeline<{ timeS: number; arrived: number }>();
        times.forEach((timeS, arrived) => timeline.push({ timeS, arrived }));
        const out: { timeS: number; arrived: number }[] = [];
        for (let entry = timeline.shift(Infinity); entry !== undefined; entry = timeline.shift(Infinity))
          out.push(entry);
        const sorted = times.map((timeS, arrived) => ({ timeS, arrived })).sort((a, b) => a.timeS - b.timeS);
        expect(out).toEqual(sorted);
        expect(timeline.size).toBe(0);
      }),
    );
  });

  it('holds back what is not older than the given time', () => {
    const timeline = new Timeline<{ timeS: number }>();
    timeline.push({ timeS: 5 });
    expect(timeline.shift(5)).toBeUndefined();
    expect(timeline.shift(5.1)).toEqual({ timeS: 5 });
    expect(timeline.peak).toBe(1);
  });
});
