import { afterAll, beforeAll, expect, it } from 'vitest';
import { absoluteEffect } from '@shortlist/core/statistics/effect.ts';
import { totalVariance } from '@shortlist/core/statistics/information.ts';
import { lanDeMetsBounds } from '@shortlist/core/statistics/lan-demets.ts';
import { stratify } from '@shortlist/core/statistics/stratify.ts';
import { welch } from '@shortlist/core/statistics/welch.ts';
import { decide } from '@shortlist/experiments/decisions/decide.ts';
import type { TakenLook } from '@shortlist/experiments/decisions/look.ts';
import { longRandom } from '../../../core/test/statistics/random-draws.ts';
import { band, percent, table } from '../../../core/test/statistics/simulations/band.ts';
import { extent, FULL, SEED } from '../../../core/test/statistics/simulations/extent.ts';
import { METRICS, type Metric } from '../../../core/test/statistics/simulations/metrics.ts';
import { simulateShop, type ShopRun } from '../../../core/test/statistics/simulations/shop.ts';
import { experimentOf } from '../experiment-document.ts';
import { comparison, DAY_S, evidence, STARTED_S, success, withPlan } from './evidence-of.ts';

/**
 * How often does the rule find a difference between two arms that are alike, when it looks every day at shoppers who go on
 * buying? The rule itself decides, look by look, as the service does.
 */
const RUNS = extent(1000, 25);
const DAYS = 14;
const ALPHA = 0.05;
const PEOPLE = 12_000;
const PLAN = { people: PEOPLE, days: DAYS, lifts: [0, 0], cap: 300, phases: [{ fromDay: 0, weights: [1, 1] }] };
/** Users per arm of the plan: what such a shop has after the last day, on average. */
const REQUIRED = 4_600;
const spec = withPlan(experimentOf('more-diversity').spec, { looks: DAYS, unitsMin: 100, daysMin: 0, alpha: ALPHA });

interface Outcome {
  /** The rule found something. */
  readonly found: boolean;
  /** It would have, had units been taken for information. */
  readonly byUnits: boolean;
  readonly looks: number;
}

function follow(run: ShopRun, metric: Metric): Outcome {
  const looks: TakenLook[] = [];
  let byUnits = false;
  for (let day = 0; day < DAYS; day++) {
    const { estimates, lifts } = metric.analyse(stratify(run.at(day, metric.group)).arms);
    const [control, treatment] = [estimates[0]!, estimates[1]!];
    const absolute = absoluteEffect(control, treatment);
    const lift = lifts[0]!;
    const test = welch(lift, { alpha: ALPHA });
    if (absolute.status !== 'ok' || test.status !== 'ok' || lift.status !== 'ok') continue;
    const numbers = { lift: lift.value, pValue: test.pValue, information: totalVariance(absolute) };
    const nowS = STARTED_S + (day + 1) * DAY_S;
    const given = evidence({
      ...{ computedAtS: nowS, dataUntilS: nowS },
      arms: [control, treatment].map(({ users }, arm) => {
        return { variant: ['control', 'diverse'][arm]!, weight: 0.5, units: users, fallbackUnits: 0 };
      }),
      metrics: [success({ requiredUnits: REQUIRED, comparisons: [comparison({ ...numbers, always: null })] })],
    });
    const input = { state: 'running', version: 1, spec, startedAtS: STARTED_S, looks: [...looks] } as const;
    const { look } = decide({ ...input, evidence: given, staleAfterS: 3_600 }, nowS);
    if (look === null) continue;
    looks.push(look);
    const fractions = looks.map(({ fraction }) => fraction);
    byUnits ||= Math.abs(numbers.lift / lift.standardError) >= lanDeMetsBounds(fractions, { alpha: ALPHA }).at(-1)!;
    if (look.superior.length + look.inferior.length > 0) return { found: true, byUnits, looks: looks.length };
  }
  return { found: false, byUnits, looks: looks.length };
}

const counts = METRICS.map(() => ({ found: 0, byUnits: 0, looks: 0 }));
beforeAll(() => {
  for (let round = 0; round < RUNS; round++) {
    const run = simulateShop(PLAN, longRandom(SEED, 2_000_000 + round));
    METRICS.forEach((metric, m) => {
      const { found, byUnits, looks } = follow(run, metric);
      counts[m]!.found += Number(found);
      counts[m]!.byUnits += Number(byUnits);
      counts[m]!.looks += looks;
    });
  }
}, 1_200_000);
afterAll(() => {
  const rows = METRICS.map(({ name }, m) => {
    const { found, byUnits, looks } = counts[m]!;
    return [name, percent(found / RUNS), percent(byUnits / RUNS), (looks / RUNS).toFixed(1)];
  });
  const head = ['two arms alike, 14 daily looks', 'the rule', 'the same counting users', 'looks'];
  console.log(`\n${RUNS} runs, seed ${SEED}\n${table(head, rows)}`);
});

it.each(METRICS.map(({ name }, m) => [name, m] as const))('%s: daily looks together err in alpha', (_, m) => {
  const { found, looks } = counts[m]!;
  expect(found / RUNS).toBeLessThanOrEqual(band(ALPHA, RUNS, FULL).high);
  // It did look.
  expect(looks / RUNS).toBeGreaterThan(6);
});
