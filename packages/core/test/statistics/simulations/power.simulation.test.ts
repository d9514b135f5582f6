import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { armOf, ratioEstimate, type ArmEstimate } from '../../../src/statistics/arm-estimate.ts';
import { cuped, cupedRelativeEffect } from '../../../src/statistics/cuped.ts';
import { relativeEffect, type Effect, type NotComputable } from '../../../src/statistics/effect.ts';
import { exceedanceGuard } from '../../../src/statistics/exceedance-guard.ts';
import { guardrail } from '../../../src/statistics/guardrail.ts';
import { lanDeMetsBounds, lookInflation } from '../../../src/statistics/lan-demets.ts';
import type { Moments } from '../../../src/statistics/moments.ts';
import { baselineOf, requiredUsers, type Baseline } from '../../../src/statistics/power.ts';
import { welch } from '../../../src/statistics/welch.ts';
import { longRandom } from '../random-draws.ts';
import { band, percent, table } from './band.ts';
import { extent, FULL, SEED } from './extent.ts';
import { clickThrough, conversion, drawDays, drawUsers, failedRequests, revenue, slowRequests } from './shoppers.ts';

const RUNS = extent(1000, 40);
const EFFECT = 0.05;
const HISTORY = 200_000;
const RATIO = { kind: 'ratio', numerator: 0, denominator: 1, covariateNumerator: 2, covariateDenominator: 3 } as const;

const estimate = (moments: Moments): ArmEstimate => ratioEstimate(armOf(moments));
const lift = (control: Moments, treatment: Moments) => relativeEffect(estimate(control), estimate(treatment));
const adjustedLift = (control: Moments, treatment: Moments) =>
  cupedRelativeEffect(cuped([armOf(control), armOf(treatment)], RATIO), 0, 1);

interface Plan {
  readonly name: string;
  readonly draw: typeof conversion;
  readonly baseline: (history: Moments) => Baseline;
  readonly test: (control: Moments, treatment: Moments) => Effect | NotComputable;
  /** Looks, each after an equal part of the planned users; more than one are bounded by Lan-DeMets. */
  readonly looks: number;
}

const plain = (history: Moments): Baseline => baselineOf(estimate(history));
const PLANS: readonly Plan[] = [
  { name: 'conversion per user', draw: conversion, baseline: plain, test: lift, looks: 1 },
  { name: 'revenue per user, winsorised', draw: revenue, baseline: plain, test: lift, looks: 1 },
  { name: 'click-through rate', draw: clickThrough, baseline: plain, test: lift, looks: 1 },
  {
    name: 'click-through rate with CUPED',
    draw: clickThrough,
    baseline: (history) => baselineOf(cuped([armOf(history)], RATIO).arms[0]!),
    test: adjustedLift,
    looks: 1,
  },
  { name: 'click-through rate, 7 looks by Lan-DeMets', draw: clickThrough, baseline: plain, test: lift, looks: 7 },
];

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

describe('a true +5 % at the planned number of users', () => {
  const rows: string[][] = [];
  afterAll(() => {
    console.log(
      `\n${RUNS} runs, seed ${SEED}\n${table(['metric', 'users per arm', 'promoted', 'median share of the users'], rows)}`,
    );
  });

  it.each(PLANS.map((plan) => [plan.name, plan] as const))(
    '%s: found in 80 % of the runs',
    (name, { draw, baseline, test, looks }) => {
      const random = longRandom(SEED, 500);
      const history = baseline(drawUsers(draw, HISTORY, 1, random));
      const fractions = Array.from({ length: looks }, (_, look) => (look + 1) / looks);
      const single = requiredUsers(history, { minimumEffect: EFFECT }).control;
      const users = Math.ceil(single * lookInflation(fractions));
      const bounds = lanDeMetsBounds(fractions);
      const promotedAt: number[] = [];
      for (let run = 0; run < RUNS; run++) {
        const days = { days: looks, usersPerDay: Math.ceil(users / looks), factors: [1, 1 + EFFECT] };
        let look = 0;
        for (const [control, treatment] of drawDays(draw, days, random)) {
          const effect = test(control!, treatment!);
          if (effect.status === 'ok' && promotes(effect, looks === 1 ? undefined : bounds[look])) {
            promotedAt.push(fractions[look]!);
            break;
          }
          look += 1;
        }
      }
      rows.push([name, users.toLocaleString('en'), percent(promotedAt.length / RUNS), percent(median(promotedAt), 0)]);
      const { low, high } = band(0.8, RUNS, FULL);
      expect(promotedAt.length / RUNS).toBeGreaterThanOrEqual(low);
      expect(promotedAt.length / RUNS).toBeLessThanOrEqual(high);
    },
    600_000,
  );
});

/** Superior by a fixed test, or beyond the look's bound. */
function promotes(effect: Effect, bound: number | undefined): boolean {
  if (bound !== undefined) return effect.value / effect.standardError >= bound;
  const test = welch(effect);
  return test.status === 'ok' && test.pValue < 0.05 && effect.value > 0;
}

interface Guard {
  readonly name: string;
  readonly draw: typeof conversion;
  /** What harm does to the draw's factor. */
  readonly harm: number;
  readonly usersPerDay: number;
  readonly harmful: (control: Moments, treatment: Moments) => boolean;
}

const onLift =
  (tunedForUsers: number) =>
  (control: Moments, treatment: Moments): boolean => {
    const result = guardrail(estimate(control), estimate(treatment), { tunedForUsers });
    return result.status === 'ok' && result.harm;
  };
const onShare =
  (allowed: number) =>
  (control: Moments, treatment: Moments): boolean => {
    const result = exceedanceGuard(control, treatment, { allowed });
    return result.status === 'ok' && result.harm;
  };

const DAYS = 28;
/** 4,000 users a day and arm reach the planned number of click-through in a week. */
const GUARDS: readonly Guard[] = [
  { name: 'click-through rate -5 %', draw: clickThrough, harm: 0.95, usersPerDay: 4000, harmful: onLift(60_000) },
  { name: 'conversion -5 %', draw: conversion, harm: 0.95, usersPerDay: 12_000, harmful: onLift(180_000) },
  { name: 'conversion -20 %', draw: conversion, harm: 0.8, usersPerDay: 4000, harmful: onLift(60_000) },
  {
    name: 'latency +20 %, guarded by p99 <= 150 ms',
    draw: slowRequests,
    harm: 1.2,
    usersPerDay: 500,
    harmful: onShare(0.01),
  },
  { name: 'errors 0.3 % -> 0.6 %', draw: failedRequests, harm: 2, usersPerDay: 500, harmful: onShare(0) },
];

describe('harm under guardrails that are looked at daily', () => {
  const runs = extent(500, 20);
  const found = GUARDS.map((): number[] => []);
  const falseAlarms = GUARDS.map(() => 0);

  beforeAll(() => {
    GUARDS.forEach(({ draw, harm, usersPerDay, harmful }, g) => {
      for (const factor of [harm, 1]) {
        const random = longRandom(SEED, 900 + g);
        for (let run = 0; run < runs; run++) {
          let day = 0;
          for (const [control, treatment] of drawDays(
            draw,
            { days: DAYS, usersPerDay, factors: [1, factor] },
            random,
          )) {
            day += 1;
            if (!harmful(control!, treatment!)) continue;
            if (factor === 1) falseAlarms[g]! += 1;
            else found[g]!.push(day);
            break;
          }
        }
      }
    });
  }, 1_200_000);

  afterAll(() => {
    const head = [
      'harm',
      'users per day and arm',
      'rolled back in 7 days',
      'in 28 days',
      'median days',
      'false alarms',
    ];
    const rows = GUARDS.map(({ name, usersPerDay }, g) => [
      name,
      usersPerDay.toLocaleString('en'),
      percent(found[g]!.filter((day) => day <= 7).length / runs),
      percent(found[g]!.length / runs),
      String(median([...found[g]!, ...new Array<number>(runs - found[g]!.length).fill(Infinity)])),
      percent(falseAlarms[g]! / runs),
    ]);
    console.log(`\n${runs} runs, seed ${SEED}\n${table(head, rows)}`);
  });

  it.each(GUARDS.map(({ name }, g) => [name, g] as const))('%s is rolled back, and its absence is not', (_, g) => {
    expect(found[g]!.length / runs).toBeGreaterThan(0.9);
    expect(falseAlarms[g]! / runs).toBeLessThanOrEqual(band(0.05, runs, FULL).high);
  });
});
