import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { VARIANTS, type SeededExperiment } from './seeded-experiment.ts';

const [HOUR_S, DAY_S] = [3_600, 86_400];

/** A unit of the experiment, from the raw rows: written for the test, of no code of the analysis. */
export interface RecomputedUnit {
  unit: string;
  arm: number;
  version: number;
  rampStep: number;
  firstS: number;
  fallback: string | null;
  differs: boolean | null;
  slates: number;
  items: number;
  clicks: number;
  slow: number;
  errors: number;
  fallbacks: number;
  purchases: number;
  revenue: number;
  purchasesBefore: number;
  revenueBefore: number;
  attributedRevenue: number;
}

/** Stored as real: what a number is after that. */
const money = (value: number | null, quantity: number | null) => Math.fround(value ?? 0) * Math.fround(quantity ?? 1);

export function recompute(
  { exposures, slates, events }: SeededExperiment,
  { attributionHours, preperiodDays }: { attributionHours: number; preperiodDays: number },
): Map<string, RecomputedUnit> {
  const units = new Map<string, RecomputedUnit>();
  for (const one of exposures.filter(({ experiment }) => experiment === 'ranker').sort((a, b) => a.atS - b.atS)) {
    const known = units.get(one.unit);
    const fallback = one.served === one.assigned ? null : one.reason;
    if (known !== undefined) known.fallback ??= fallback;
    else
      units.set(one.unit, {
        ...{ unit: one.unit, arm: VARIANTS.indexOf(one.assigned) + 1, version: one.version, rampStep: one.phase },
        ...{
          firstS: one.atS,
          fallback,
          differs: null,
          slates: 0,
          items: 0,
          clicks: 0,
          slow: 0,
          errors: 0,
          fallbacks: 0,
        },
        ...{ purchases: 0, revenue: 0, purchasesBefore: 0, revenueBefore: 0, attributedRevenue: 0 },
      });
  }
  const ofUnit = new Map([...units.keys()].map((unit) => [unit, [] as (typeof slates)[number][]]));
  const byRequest = new Map<string, (typeof slates)[number]>();
  for (const slate of slates) {
    if (slate.experiment !== 'ranker') continue;
    const unit = units.get(`u:${slate.user}`);
    if (unit === undefined) continue;
    ofUnit.get(unit.unit)!.push(slate);
    byRequest.set(slate.request, slate);
    const weight = 1 / slate.sampled;
    unit.slates += weight;
    unit.items += weight * slate.items.length;
    if (slate.latencyMs > 100) unit.slow += weight;
    if (slate.failed) unit.errors += weight;
    if (slate.degraded || slate.served !== slate.assigned) unit.fallbacks += weight;
    if (slate.differs !== null) unit.differs = unit.differs === true || slate.differs;
  }
  for (const event of events) {
    const unit = units.get(`u:${event.user}`);
    if (unit === undefined) continue;
    const slate = event.request === null ? undefined : byRequest.get(event.request);
    if (slate !== undefined && slate.user === event.user) {
      const delayS = event.atS - slate.atS;
      if (delayS >= 0 && delayS <= attributionHours * HOUR_S) {
        if (event.type === EVENT_CODE.click) unit.clicks += 1 / slate.sampled;
        if (event.type === EVENT_CODE.purchase)
          unit.attributedRevenue += money(event.value, event.quantity) / slate.sampled;
      }
    }
    if (event.type !== EVENT_CODE.purchase) continue;
    const lastS = Math.max(...ofUnit.get(unit.unit)!.map(({ atS }) => atS));
    if (event.atS < unit.firstS) {
      if (event.atS < unit.firstS - preperiodDays * DAY_S) continue;
      unit.purchasesBefore += 1;
      unit.revenueBefore += money(event.value, event.quantity);
    } else if (event.atS <= lastS + attributionHours * HOUR_S) {
      unit.purchases += 1;
      unit.revenue += money(event.value, event.quantity);
    }
  }
  return units;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const covariance = (a: readonly number[], b: readonly number[]) => {
  const [meanA, meanB] = [mean(a), mean(b)];
  return a.reduce((sum, value, i) => sum + (value - meanA) * (b[i]! - meanB), 0) / (a.length - 1);
};

interface Estimate {
  readonly value: number;
  readonly squaredError: number;
}

/** Ratio of means (`bottom` = 1: a mean) of an arm, over strata weighted by all of their units. */
function estimate(
  units: readonly RecomputedUnit[],
  arm: number,
  top: (unit: RecomputedUnit) => number,
  bottom: (unit: RecomputedUnit) => number,
): Estimate {
  const strata = new Map<string, RecomputedUnit[]>();
  for (const unit of units) {
    const key = `${unit.version} ${unit.rampStep}`;
    strata.set(key, [...(strata.get(key) ?? []), unit]);
  }
  const cells = [...strata.values()].map((all) => {
    const own = all.filter((unit) => unit.arm === arm);
    return { share: all.length / units.length, y: own.map(top), x: own.map(bottom) };
  });
  const y = cells.reduce((sum, cell) => sum + cell.share * mean(cell.y), 0);
  const x = cells.reduce((sum, cell) => sum + cell.share * mean(cell.x), 0);
  const squaredError = cells.reduce((sum, cell) => {
    const linear = cell.y.map((value, i) => value / x - (y / x / x) * cell.x[i]!);
    return sum + (cell.share ** 2 * covariance(linear, linear)) / linear.length;
  }, 0);
  return { value: y / x, squaredError };
}

/** Relative lift of an arm over the first, and its standard error, by the delta method. */
export function recomputeLift(
  units: readonly RecomputedUnit[],
  arm: number,
  top: (unit: RecomputedUnit) => number,
  bottom: (unit: RecomputedUnit) => number = () => 1,
) {
  const [c, t] = [estimate(units, 1, top, bottom), estimate(units, arm, top, bottom)];
  const ratio = t.value / c.value;
  return {
    means: [c.value, t.value] as const,
    lift: ratio - 1,
    standardError: Math.sqrt(t.squaredError + ratio ** 2 * c.squaredError) / c.value,
  };
}
