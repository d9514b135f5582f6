import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { promisesOf } from '../scenarios/promises.ts';
import { planOf, secondsOf, startOf, type Phase } from '../scenarios/scenario.ts';
import { Schedule, stagesOf } from '../scenarios/schedule.ts';
import { SCENARIOS } from '../scenarios/scenarios.ts';

const hold = (rate: number, seconds: number): Phase => ({ name: 'hold', rate, seconds, shape: 'hold', judged: true });
const ramp = (rate: number, seconds: number): Phase => ({ name: 'ramp', rate, seconds, shape: 'ramp', judged: false });

describe('when requests are due', () => {
  it('is even at a held rate, the first one after one part', () => {
    const schedule = new Schedule([hold(10, 2)]);
    // The 20th is due at the very end, when k6 makes none any more.
    expect(schedule).toMatchObject({ planned: 19, totalMs: 2000 });
    expect([0, 1, 19].map((n) => schedule.dueMs(n))).toEqual([100, 200, 2000]);
  });

  it('is by the area under a ramp, by hand', () => {
    // From 0 to 10/s in 2 s: after t seconds 2.5 t^2 requests were due.
    const schedule = new Schedule([ramp(10, 2), hold(10, 1)]);
    expect(schedule.planned).toBe(19);
    for (const n of [0, 3, 9]) expect(schedule.dueMs(n)).toBeCloseTo(1000 * Math.sqrt((n + 1) / 2.5), 6);
    expect(schedule.dueMs(10)).toBeCloseTo(2100, 6);
  });

  it('jumps between held rates, and tells the phase of a moment', () => {
    const schedule = new Schedule([hold(10, 1), hold(100, 1), hold(1, 5)]);
    expect(schedule.dueMs(10)).toBeCloseTo(1010, 6);
    expect(schedule.dueMs(110)).toBeCloseTo(3000, 6);
    expect([0, 999, 1000, 1999, 2000, 99_999].map((ms) => schedule.phaseAt(ms))).toEqual([0, 0, 1, 1, 2, 2]);
  });

  it('never goes back, and every request is due within the time', () => {
    const phase = fc.record({
      name: fc.constant('any'),
      rate: fc.integer({ min: 1, max: 500 }),
      seconds: fc.integer({ min: 1, max: 20 }),
      shape: fc.constantFrom('hold' as const, 'ramp' as const),
      judged: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(phase, { minLength: 1, maxLength: 5 }), (phases) => {
        const schedule = new Schedule(phases);
        let last = 0;
        for (let n = 0; n < schedule.planned; n++) {
          const due = schedule.dueMs(n);
          expect(due).toBeGreaterThanOrEqual(last - 1e-6);
          last = due;
        }
        expect(last).toBeLessThanOrEqual(schedule.totalMs + 1e-3);
      }),
      { numRuns: 50 },
    );
  });

  it('is told to k6 as stages: a jump takes no time', () => {
    expect(stagesOf([ramp(5, 1.5), hold(7, 2)])).toEqual([
      { duration: '1500ms', target: 5 },
      { duration: '0s', target: 7 },
      { duration: '2000ms', target: 7 },
    ]);
  });
});

describe('every scenario', () => {
  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))('%s', (_, scenario) => {
    const load = { rate: 33, seconds: 31, swaps: 4 };
    const phases = planOf(scenario, load);
    // Its names become tags, each its own.
    expect(new Set(phases.map(({ name }) => name)).size).toBe(phases.length);
    for (const { name, rate } of phases) {
      expect(name).toMatch(/^[a-z0-9-]+$/);
      expect(Number.isInteger(rate)).toBe(true);
    }
    // Something is judged, and at its end all must be well: nothing refused, nothing missing.
    expect(phases.at(-1)).toMatchObject({ judged: true });
    expect([phases.at(-1)!.mayShed ?? false, phases.at(-1)!.mayDegrade ?? false]).toEqual([false, false]);
    const promises = promisesOf(phases, 1000, 100).map(({ what }) => what);
    expect(promises).toContain(`${phases.at(-1)!.name}: p99 from when it was due < 100 ms`);
    expect(promises).toContain('every planned request was sent');
    // Faults come while it runs, in order.
    const times = (scenario.faults?.(load) ?? []).map(({ atS }) => atS);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    for (const atS of times) expect(atS > 0 && atS < secondsOf(phases)).toBe(true);
  });

  it('a refusal is a right answer only where more is asked than is promised', () => {
    const stress = SCENARIOS.find(({ name }) => name === 'stress')!;
    const phases = planOf(stress, { rate: 100, seconds: 100, swaps: 1 });
    expect(phases.filter(({ mayShed }) => mayShed).map(({ rate, name }) => [name, rate])).toEqual([
      ['x1-5', 150],
      ['x2', 200],
      ['x3', 300],
      ['settle', 100],
    ]);
    expect(startOf(phases, 'x2')).toBe(5 + 60);
  });
});
