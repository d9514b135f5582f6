import { describe, expect, it } from 'vitest';
import { binaryMoments, type Moments } from '@shortlist/core/statistics/moments.ts';
import { computeResults, type AnalysisData, type MetricOfSubject } from '../../src/analysis/compute-results.ts';
import type { Cell } from '../../src/analysis/moments.ts';
import { toEvidence } from '../../src/analysis/to-evidence.ts';
import { columnsOfMetric } from '../../src/metrics/quantities.ts';
import { CONVERSION, ERRORS, subjectOf } from './subject.ts';

const DAY_S = 86_400;
const NOW_S = 10 * DAY_S;

const METRICS: readonly MetricOfSubject[] = [
  { name: 'conversion', role: 'success', margin: null, spec: CONVERSION, ...shared(CONVERSION) },
  { name: 'errors', role: 'guardrail', margin: 0.1, spec: ERRORS, ...shared(ERRORS) },
];
function shared(spec: typeof CONVERSION) {
  return { columns: columnsOfMetric(spec, false), winsorise: null, hasCovariate: false };
}

/** Errors of units with one slate each. */
const errorMoments = (units: number, errors: number): Moments => ({
  count: units,
  sums: [errors, units],
  products: [errors, errors, units],
});

const cell = (arm: number, units: number, bought: number, errors: number, rampStep = 0): Cell => ({
  ...{ arm, version: 1, rampStep, units },
  moments: [binaryMoments(units, bought), errorMoments(units, errors)],
});

function dataOf(cells: readonly Cell[], hours?: AnalysisData['arrivals']['hours']): AnalysisData {
  const arms = Math.max(...cells.map(({ arm }) => arm));
  const unitsOf = (arm: number) => cells.reduce((sum, one) => sum + (one.arm === arm ? one.units : 0), 0);
  const units = Array.from({ length: arms }, (_, i) => unitsOf(i + 1));
  return {
    metrics: METRICS,
    moments: { cells, cuts: METRICS.map(({ name }) => ({ metric: name, at: null })) },
    arrivals: {
      hours: hours ?? [{ fromS: 0, units }],
      arms: units.map((count) => ({ units: count, fallbacks: {} })),
      conflicting: 0,
      untilS: NOW_S,
    },
    slates: units.map((count) => ({ slates: count, latencyP50Ms: 10, latencyP99Ms: 50, itemsCovered: 5 })),
    interleaving: null,
    refresh: { mode: 'full', touched: 0 },
  };
}

const evidenceOf = (data: AnalysisData, subject = subjectOf()) =>
  toEvidence(subject, computeResults(subject, data, NOW_S));

describe('results of an experiment', () => {
  it('compare within ramp steps: a step in which one arm grew does not fake an effect', () => {
    // 10 % buy in the first step and 30 % in the second, in both arms; the treatment has most of its units in the second.
    const cells = [
      ...[cell(1, 9_000, 900, 90, 0), cell(1, 1_000, 300, 10, 1)],
      ...[cell(2, 1_000, 100, 10, 0), cell(2, 9_000, 2_700, 90, 1)],
    ];
    const { metrics, notes } = evidenceOf(dataOf(cells));
    expect(metrics[0]!.comparisons[0]!.lift).toBeCloseTo(0, 12);
    expect(notes.join()).toContain('within 2 ramp steps');
    // Pooled, the treatment would have won by far.
    expect(2_800 / 1_200 - 1).toBeGreaterThan(1);
  });

  it('leave out a step without units in every arm, and say so', () => {
    const cells = [cell(1, 5_000, 500, 50), cell(2, 5_000, 500, 50), cell(1, 700, 700, 0, 1)];
    const { metrics, notes, arms } = evidenceOf(dataOf(cells));
    expect(metrics[0]!.control).toEqual({ units: 5_000, mean: 0.1 });
    expect(arms[0]!.units).toBe(5_700);
    expect(notes.join()).toContain('700 units of 1 ramp step');
  });

  it('a treatment with errors is harm also where control has none; a few errors are not', () => {
    const harm = evidenceOf(dataOf([cell(1, 20_000, 2_000, 0), cell(2, 20_000, 2_000, 200)]));
    expect(harm.metrics[1]!.comparisons[0]!.always!.low).toBeGreaterThan(0.1);
    expect(harm.notes.join()).toContain('nobody in control had any');
    const few = evidenceOf(dataOf([cell(1, 20_000, 2_000, 0), cell(2, 20_000, 2_000, 6)]));
    expect(few.metrics[1]!.comparisons[0]!).toMatchObject({ always: null, lift: null, nonInferiorityP: null });
  });

  it('a control with a handful of errors does not hide a treatment with hundreds', () => {
    const { metrics } = evidenceOf(dataOf([cell(1, 20_000, 2_000, 5), cell(2, 20_000, 2_000, 300)]));
    expect(metrics[1]!.comparisons[0]!.always!.low).toBeGreaterThan(0.1);
    const alike = evidenceOf(dataOf([cell(1, 20_000, 2_000, 20), cell(2, 20_000, 2_000, 25)]));
    expect(alike.metrics[1]!.comparisons[0]!.always!.low).toBeLessThan(0);
  });

  it('a treatment that sells nothing is harm', () => {
    const { metrics } = evidenceOf(dataOf([cell(1, 5_000, 500, 50), cell(2, 5_000, 0, 50)]));
    expect(metrics[0]!.comparisons[0]!.always!.high).toBeLessThan(-0.5);
  });

  it('nobody has errors in either arm: equal, once both have the units of the plan', () => {
    const equal = evidenceOf(dataOf([cell(1, 20_000, 2_000, 0), cell(2, 20_000, 2_000, 0)]));
    expect(equal.metrics[1]!.comparisons[0]!).toMatchObject({
      lift: 0,
      always: { low: 0, high: 0 },
      nonInferiorityP: 0,
    });
    const early = evidenceOf(dataOf([cell(1, 900, 90, 0), cell(2, 900, 90, 0)]));
    expect(early.metrics[1]!.comparisons[0]!).toMatchObject({ lift: null, always: null, nonInferiorityP: null });
  });

  it('required units are those of the smaller arm, by the weights', () => {
    const even = evidenceOf(dataOf([cell(1, 9_000, 900, 90), cell(2, 9_000, 900, 90)]));
    // Baseline 10 %, +5 %, power .8, one guardrail that shares the power: more than the 58,000 without it.
    expect(even.metrics[0]!.requiredUnits).toBeGreaterThan(58_000);
    const uneven = subjectOf({ weights: [0.9, 0.1] });
    const few = evidenceOf(dataOf([cell(1, 9_000, 900, 90), cell(2, 1_000, 100, 10)]), uneven);
    const ratio = few.metrics[0]!.requiredUnits! / even.metrics[0]!.requiredUnits!;
    // 1 / .1 + 1 / .9 against 1 / .5 + 1 / .5, of a tenth instead of a half.
    expect(ratio).toBeCloseTo((1 / 0.1 + 1 / 0.9) / 4 / 5, 1);
  });

  it('the sequential check remembers the worst hour, and waits for the hour to be full', () => {
    const cells = [cell(1, 60_000, 6_000, 60), cell(2, 60_000, 6_000, 60)];
    const hours = [
      { fromS: 0, units: [10_000, 12_000] },
      { fromS: 3_600, units: [50_000, 48_000] },
    ];
    const healed = evidenceOf(dataOf(cells, hours));
    expect(healed.sampleRatio.sequentialP).toBeLessThan(0.001);
    expect(healed.sampleRatio.chiSquaredP).toBe(1);
    const now = evidenceOf(dataOf(cells, [{ fromS: NOW_S - 1_800, units: [10_000, 12_000] }]));
    expect(now.sampleRatio.sequentialP).toBe(1);
  });

  it('shows p99 and coverage of each arm', () => {
    expect(evidenceOf(dataOf([cell(1, 100, 10, 1), cell(2, 1, 0, 0)])).notes).toEqual(
      expect.arrayContaining([
        'control: p99 50.0 ms, 5 different items in 100 slates',
        'treatment-1: p99 50.0 ms, 5 different items in 1 slate',
      ]),
    );
  });

  it('NaN in a metric is no number, neither pass nor fail', () => {
    const broken = cell(2, 9_000, 900, 90);
    const nan: Cell = { ...broken, moments: [{ count: 9_000, sums: [NaN], products: [NaN] }, broken.moments[1]!] };
    const { metrics } = evidenceOf(dataOf([cell(1, 9_000, 900, 90), nan]));
    expect(metrics[0]!.comparisons[0]!).toMatchObject({
      lift: null,
      fixed: null,
      always: null,
      pValue: null,
      mean: null,
    });
    expect(metrics[1]!.comparisons[0]!.lift).toBe(0);
  });
});
