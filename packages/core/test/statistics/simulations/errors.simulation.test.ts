import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ArmEstimate } from '../../../src/statistics/arm-estimate.ts';
import { confidenceSequence } from '../../../src/statistics/confidence-sequence.ts';
import { absoluteEffect } from '../../../src/statistics/effect.ts';
import { guardrail } from '../../../src/statistics/guardrail.ts';
import { informationUsers, totalVariance } from '../../../src/statistics/information.ts';
import { lanDeMetsBounds } from '../../../src/statistics/lan-demets.ts';
import { holm } from '../../../src/statistics/multiple-testing.ts';
import { sampleRatio, sequentialSampleRatio } from '../../../src/statistics/sample-ratio.ts';
import { stratify } from '../../../src/statistics/stratify.ts';
import { welch } from '../../../src/statistics/welch.ts';
import { longRandom } from '../random-draws.ts';
import { band, percent, table } from './band.ts';
import { extent, FULL, SEED } from './extent.ts';
import { METRICS, type Metric } from './metrics.ts';
import { simulateShop, type ShopPlan, type ShopRun } from './shop.ts';

/**
 * How often do the methods err? Every run has a control, two arms that change nothing and one that lifts by 10 %, in an
 * equal split and in a ramp (10, then 20, then 25 % of the users in each arm beside control). Errors are counted over the two arms that
 * change nothing, coverage over the one that lifts.
 */
const RUNS = extent(2000, 60);
const DAYS = 14;
const ALPHA = 0.05;
/** The plan is made from a shop so many times as large, as history would give it. */
const PILOT = 10;
const LIFT = 0.1;
/** Arms: control, nothing, nothing, lifted. */
const LIFTS = [0, 0, 0, LIFT];
const SCENARIOS: Record<string, Pick<ShopPlan, 'phases'>> = {
  'equal split': { phases: [{ fromDay: 0, weights: [1, 1, 1, 1] }] },
  'ramp in three phases': {
    phases: [
      { fromDay: 0, weights: [7, 1, 1, 1] },
      { fromDay: 2, weights: [2, 1, 1, 1] },
      { fromDay: 5, weights: [1, 1, 1, 1] },
    ],
  },
};
const PLAN = { people: 24_000, days: DAYS, lifts: LIFTS, cap: 300 };

interface Counts {
  fixed: number;
  family: number;
  covered: number;
  sequence: number;
  sequenceCovered: number;
  liftSequence: number;
  groupSequential: number;
  countingUsers: number;
  peeking: number;
}
const fresh = (): Counts => ({
  fixed: 0,
  family: 0,
  covered: 0,
  sequence: 0,
  sequenceCovered: 0,
  liftSequence: 0,
  groupSequential: 0,
  countingUsers: 0,
  peeking: 0,
});

/** Variance of the difference of totals by the end of each day, as a share of the last: planned from a pilot. */
interface Information {
  readonly fractions: number[];
  readonly planned: number;
  readonly plannedUsers: number;
  readonly bounds: number[];
  /** Bounds as they would be if users were taken for information. */
  readonly userBounds: number[];
}

function planInformation(pilot: ShopRun, metric: Metric): Information {
  const variances: number[] = [];
  const entered: number[] = [];
  let users = 0;
  for (let day = 0; day < DAYS; day++) {
    const { estimates } = metric.analyse(stratify(pilot.at(day, metric.group)).arms);
    const effect = absoluteEffect(estimates[0]!, estimates[1]!);
    if (effect.status !== 'ok') throw new Error(`the pilot has no ${metric.name}: ${effect.reason}`);
    variances.push(totalVariance(effect, usersOfAll(estimates)) / PILOT);
    users = effect.users / PILOT;
    entered.push(usersOfAll(estimates));
  }
  const planned = variances.at(-1)!;
  const fractions = variances.map((variance) => variance / planned);
  return {
    fractions,
    planned,
    plannedUsers: users,
    bounds: lanDeMetsBounds(fractions, { alpha: ALPHA }),
    userBounds: lanDeMetsBounds(
      entered.map((count) => count / entered.at(-1)!),
      { alpha: ALPHA },
    ),
  };
}

const usersOfAll = (estimates: readonly ArmEstimate[]): number => estimates.reduce((sum, { users }) => sum + users, 0);

/** Daily looks of one run: whatever happened at any of them, per arm. */
function countLooks(counts: Counts, run: ShopRun, metric: Metric, information: Information): void {
  const hit = {
    sequence: [false, false],
    onLift: [false, false],
    missed: false,
    crossed: [false, false],
    early: [false, false],
    peeked: [false, false],
  };
  for (let day = 0; day < DAYS; day++) {
    const { arms } = stratify(run.at(day, metric.group));
    if (arms.length === 0) continue;
    const { estimates, lifts } = metric.analyse(arms);
    lifts.forEach((lift, arm) => {
      const absolute = absoluteEffect(estimates[0]!, estimates[arm + 1]!);
      if (absolute.status !== 'ok' || lift.status !== 'ok') return;
      const users = informationUsers(absolute, { ...information, usersOfAllArms: usersOfAll(estimates) });
      const sequence = guardrail(estimates[0]!, estimates[arm + 1]!, { alpha: ALPHA, informationUsers: users });
      const truth = arm === 2 ? LIFT : 0;
      if (sequence.status === 'ok' && (sequence.low > truth || sequence.high < truth)) {
        if (arm === 2) hit.missed = true;
        else hit.sequence[arm] = true;
      }
      if (arm === 2) return;
      const onLift = confidenceSequence(lift, { alpha: ALPHA, tunedForUsers: 20_000 });
      if (onLift.status === 'ok' && onLift.pValue < ALPHA) hit.onLift[arm] = true;
      const z = Math.abs(lift.value / lift.standardError);
      if (z >= information.bounds[day]!) hit.crossed[arm] = true;
      if (z >= information.userBounds[day]!) hit.early[arm] = true;
      if (z >= 1.96) hit.peeked[arm] = true;
    });
  }
  counts.sequence += hit.sequence.filter(Boolean).length;
  counts.liftSequence += hit.onLift.filter(Boolean).length;
  counts.groupSequential += hit.crossed.filter(Boolean).length;
  counts.countingUsers += hit.early.filter(Boolean).length;
  counts.peeking += hit.peeked.filter(Boolean).length;
  counts.sequenceCovered += Number(!hit.missed);
}

/** The one planned look at the end. */
function countEnd(counts: Counts, run: ShopRun, metric: Metric): void {
  const { lifts } = metric.analyse(stratify(run.at(DAYS - 1, metric.group)).arms);
  const tests = lifts.map((lift) => welch(lift, { alpha: ALPHA }));
  const pValues = tests.map((test) => (test.status === 'ok' ? test.pValue : NaN));
  counts.fixed += pValues.slice(0, 2).filter((p) => p < ALPHA).length;
  // Holm over all three, one of them false: no true null may be rejected.
  counts.family += Number(
    holm(pValues)
      .slice(0, 2)
      .some((p) => p <= ALPHA),
  );
  const lifted = tests[2]!;
  counts.covered += Number(lifted.status === 'ok' && lifted.low <= LIFT && LIFT <= lifted.high);
}

describe.each(Object.keys(SCENARIOS))('false positives and coverage, %s', (name) => {
  const counts = METRICS.map(fresh);
  const ratio = { fixed: 0, sequential: 0 };

  beforeAll(() => {
    const scenario = SCENARIOS[name]!;
    const large = { ...PLAN, ...scenario, people: PILOT * PLAN.people };
    const pilot = simulateShop(large, longRandom(SEED, 1_000_000));
    const information = METRICS.map((metric) => planInformation(pilot, metric));
    for (let round = 0; round < RUNS; round++) {
      const run = simulateShop({ ...PLAN, ...scenario }, longRandom(SEED, round));
      METRICS.forEach((metric, m) => {
        countLooks(counts[m]!, run, metric, information[m]!);
        countEnd(counts[m]!, run, metric);
      });
      countRatio(run, scenario, ratio);
    }
  }, 1_200_000);

  afterAll(() => {
    const rows = METRICS.map((metric, m) => {
      const c = counts[m]!;
      return [
        metric.name,
        percent(c.fixed / RUNS / 2),
        percent(c.family / RUNS),
        percent(c.covered / RUNS),
        percent(c.sequence / RUNS / 2),
        percent(c.sequenceCovered / RUNS),
        percent(c.liftSequence / RUNS / 2),
        percent(c.groupSequential / RUNS / 2),
        percent(c.countingUsers / RUNS / 2),
        percent(c.peeking / RUNS / 2),
      ];
    });
    const head = [
      name,
      'fixed',
      'Holm family',
      'coverage',
      'guardrail, daily',
      'its coverage',
      'on the lift, counting users',
      'Lan-DeMets, daily',
      'the same counting users',
      'fixed, peeking daily',
    ];
    console.log(`\n${RUNS} runs, seed ${SEED}\n${table(head, rows)}`);
    console.log(`sample ratio at .001: fixed ${ratio.fixed}, sequential ${ratio.sequential} of ${RUNS} runs`);
  });

  const inBand = (count: number, runs: number, rate: number): void => {
    const { low, high } = band(rate, runs, FULL);
    expect(count / runs).toBeGreaterThanOrEqual(low);
    expect(count / runs).toBeLessThanOrEqual(high);
  };

  // The two arms share a control, so the band is that of the runs, not of twice as many comparisons.
  it.each(METRICS.map(({ name: metric }, m) => [metric, m] as const))('%s', (_, m) => {
    const c = counts[m]!;
    inBand(c.fixed / 2, RUNS, ALPHA);
    inBand(c.covered, RUNS, 1 - ALPHA);
    const upper = band(ALPHA, RUNS, FULL).high;
    expect(c.family / RUNS).toBeLessThanOrEqual(upper);
    expect(c.sequence / 2 / RUNS).toBeLessThanOrEqual(upper);
    expect(1 - c.sequenceCovered / RUNS).toBeLessThanOrEqual(upper);
    expect(c.groupSequential / 2 / RUNS).toBeLessThanOrEqual(upper);
  });

  it('sample ratio', () => {
    // 99 % of simulations have at most 7 of 2,000 at .001.
    expect(ratio.fixed).toBeLessThanOrEqual(extent(7, 2));
    expect(ratio.sequential).toBeLessThanOrEqual(extent(7, 2));
  });
});

function countRatio(
  run: ShopRun,
  { phases }: Pick<ShopPlan, 'phases'>,
  ratio: { fixed: number; sequential: number },
): void {
  let alarm = false;
  for (let day = 0; day < DAYS; day++) {
    const observed = run
      .at(day, 'conversion')
      .map((arms, phase) => ({ counts: arms.map(({ count }) => count), weights: phases[phase]!.weights }));
    const sequential = sequentialSampleRatio(observed);
    alarm ||= sequential.status === 'ok' && sequential.mismatch;
    if (day < DAYS - 1) continue;
    const fixed = sampleRatio(observed);
    ratio.fixed += Number(fixed.status === 'ok' && fixed.mismatch);
  }
  ratio.sequential += Number(alarm);
}
