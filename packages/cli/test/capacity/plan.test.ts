import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planCapacity } from '../../src/capacity/plan.ts';
import { measurementsOf, ONE_CORE, QUESTION } from './measured.ts';

const TWO_CORES = { ...ONE_CORE, processes: 2, saturationRps: 1_800 };

describe('a plan, computed by hand', () => {
  it('serves 10,000/s from pods of 1,000/s at 80 % with a zone of three gone', () => {
    // 800/s a pod: 13 pods in the two zones that are left, so 7 a zone.
    const plan = planCapacity(QUESTION, measurementsOf(ONE_CORE));
    expect(plan).toMatchObject({ rpsPerPod: 800, podsPerZone: 7, pods: 21, cores: 21, memoryGib: 21, costPerHour: 42 });
    // 42 an hour for 36 million requests.
    expect(plan.costPerMillion).toBeCloseTo(42 / 36, 12);
    expect(plan.whole.utilisation).toBeCloseTo(10 / 21, 12);
    expect(plan.zoneLost.utilisation).toBeCloseTo(10 / 14, 12);
    // Between 60 % (8 ms) and 80 % (20 ms).
    expect(plan.zoneLost.p99Ms).toBeCloseTo(8 + ((10 / 14 - 0.6) / 0.2) * 12, 12);
  });

  it('takes the load that the latency allows, and keeps the headroom free', () => {
    // 18 ms left of 20: between 8 ms (60 %) and 20 ms (80 %) that is at 60 + 20 * 10/12 %.
    const limit = 0.6 + (0.2 * 10) / 12;
    const plan = planCapacity({ ...QUESTION, sloMs: 20, overheadMs: 2, headroom: 0.25 }, measurementsOf(ONE_CORE));
    expect(plan.utilisationLimit).toBeCloseTo(limit, 12);
    expect(plan.rpsPerPod).toBeCloseTo(1_000 * limit * 0.75, 9);
    // 10,000 / 575 = 17.4: 18 pods in two zones, 9 a zone.
    expect(plan).toMatchObject({ podsPerZone: 9, pods: 27 });
  });

  it('has one pod to spare where there is one zone only', () => {
    expect(planCapacity({ ...QUESTION, rps: 1_600, zones: 1 }, measurementsOf(ONE_CORE))).toMatchObject({
      pods: 3,
      zoneLost: { utilisation: 0.8, p99Ms: 20 },
    });
  });

  it('plans with what several processes did, where that was measured', () => {
    const plan = planCapacity(QUESTION, measurementsOf(ONE_CORE, TWO_CORES));
    // 900/s each instead of 1,000.
    expect(plan).toMatchObject({ scaling: 0.9, rpsPerPod: 720, podsPerZone: 7 });
    expect(plan.beyondMeasured).toEqual([expect.stringMatching(/^21 pods at once: at most 2/)]);
  });

  it('sets the queueing model beside every measured load', () => {
    const { validation } = planCapacity(QUESTION, measurementsOf(ONE_CORE, TWO_CORES));
    expect(validation).toHaveLength(6);
    // M/M/1 at 60 %: 1 ms of service, W/u = 1 / .4 = 2.5 ms, ln 60.
    const at60 = validation.find(({ processes, utilisation }) => processes === 1 && utilisation === 0.6)!;
    expect(at60.modelP99Ms).toBeCloseTo(1 + 2.5 * Math.log(60), 9);
    expect(at60.measuredP99Ms).toBe(8);
  });
});

describe('what was not measured', () => {
  it('is refused by name: larger catalogues, more candidates, a p99 below the least measured', () => {
    const known = measurementsOf(ONE_CORE);
    const refused = (change: object) => () => planCapacity({ ...QUESTION, ...change }, known);
    expect(refused({ items: 100_001 })).toThrow(expect.objectContaining({ code: 'capacity_not_measured' }) as Error);
    expect(refused({ candidates: 501 })).toThrow(expect.objectContaining({ code: 'capacity_not_measured' }) as Error);
    expect(refused({ sloMs: 3 })).toThrow(expect.objectContaining({ code: 'capacity_slo_unreachable' }) as Error);
    expect(refused({ overheadMs: 97 })).toThrow(expect.objectContaining({ code: 'capacity_slo_unreachable' }) as Error);
  });

  it('is guessed in proportion on demand, and marked as a guess', () => {
    const plan = planCapacity({ ...QUESTION, items: 200_000, extrapolate: true }, measurementsOf(ONE_CORE));
    expect(plan).toMatchObject({ rpsPerPod: 400, memoryGibPerPod: 2 });
    expect(plan.beyondMeasured[0]).toMatch(/^200000 items .* 2\.0 times/);
  });

  it('takes the next larger configuration, never one in between', () => {
    const larger = { ...ONE_CORE, items: 1_000_000, saturationRps: 500 };
    const plan = planCapacity({ ...QUESTION, items: 100_001 }, measurementsOf(ONE_CORE, larger));
    expect(plan.basis).toBe(larger);
    expect(planCapacity({ ...QUESTION, items: 5 }, measurementsOf(larger, ONE_CORE)).basis).toBe(ONE_CORE);
  });

  it('is a quiet machine, where a queue explains little of the latency', () => {
    const points = ONE_CORE.points.map((point) => ({ ...point, p99Ms: 60 }));
    const { beyondMeasured } = planCapacity(QUESTION, measurementsOf({ ...ONE_CORE, points }));
    // 1 ms of service at 30 %: 1 + ln 30 / .7 = 5.9 ms.
    expect(beyondMeasured).toContainEqual(expect.stringMatching(/^a quiet machine: .* 10 times/));
    expect(planCapacity(QUESTION, measurementsOf(ONE_CORE)).beyondMeasured.join()).not.toContain('quiet');
  });

  it('tells of caches that were not measured, and of processes that never ran together', () => {
    const { beyondMeasured } = planCapacity({ ...QUESTION, caches: 'cold' }, measurementsOf(ONE_CORE));
    expect(beyondMeasured[0]).toMatch(/^cold caches: only warm/);
    expect(beyondMeasured.at(-1)).toMatch(/^more than one process/);
  });
});

describe('for any question', () => {
  const question = fc.record({
    rps: fc.integer({ min: 1, max: 1_000_000 }),
    sloMs: fc.double({ min: 5, max: 500, noNaN: true }),
    headroom: fc.double({ min: 0, max: 0.9, noNaN: true }),
    zones: fc.integer({ min: 1, max: 6 }),
  });
  const podsOf = (change: Partial<typeof QUESTION>) =>
    planCapacity({ ...QUESTION, ...change }, measurementsOf(ONE_CORE, TWO_CORES)).pods;

  it('more requests never need fewer pods', () => {
    fc.assert(
      fc.property(question, fc.integer({ min: 0, max: 100_000 }), (one, more) => {
        expect(podsOf({ ...one, rps: one.rps + more })).toBeGreaterThanOrEqual(podsOf(one));
      }),
    );
  });

  it('a stricter p99 or more headroom never needs fewer pods', () => {
    fc.assert(
      fc.property(question, fc.double({ min: 0, max: 1, noNaN: true }), (one, share) => {
        const stricter = { ...one, sloMs: 5 + (one.sloMs - 5) * share };
        expect(podsOf(stricter)).toBeGreaterThanOrEqual(podsOf(one));
        const freer = { ...one, headroom: one.headroom + (0.95 - one.headroom) * share };
        expect(podsOf(freer)).toBeGreaterThanOrEqual(podsOf(one));
      }),
    );
  });

  it('what is left when a zone is gone serves all of it, within the p99 and the headroom', () => {
    fc.assert(
      fc.property(question, (one) => {
        const plan = planCapacity({ ...QUESTION, ...one }, measurementsOf(ONE_CORE, TWO_CORES));
        expect(plan.zoneLost.utilisation).toBeLessThanOrEqual(plan.utilisationLimit * (1 - one.headroom) + 1e-9);
        expect(plan.zoneLost.p99Ms).toBeLessThanOrEqual(one.sloMs + 1e-9);
        expect(plan.whole.utilisation).toBeLessThanOrEqual(plan.zoneLost.utilisation);
      }),
    );
  });
});
