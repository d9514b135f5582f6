import { describe, expect, it } from 'vitest';
import { armOf } from '@shortlist/core/statistics/arm-estimate.ts';
import { momentsOf } from '@shortlist/core/statistics/moments.ts';
import { compareArms } from '../../src/analysis/compare.ts';
import { metric, subjectOf } from './subject.ts';

const ITEMS = metric({ numerator: { slate: 'items' }, denominator: { slate: 'count' } });
const plan = subjectOf().spec.analysis;

/** Shoppers with one to seven slates, each of which has as many items. */
function shoppers(itemsPerSlate: number, slatesMore = 0) {
  const slates = Array.from({ length: plan.unitsMin + 10 }, (_, i) => 1 + ((i + slatesMore) % 7));
  return armOf(
    momentsOf(
      slates.map((count) => count * itemsPerSlate),
      slates,
    ),
  );
}

const compare = (control: number, treatment: number, margin = 0.02) =>
  compareArms([shoppers(control), shoppers(treatment, 3)], { spec: ITEMS, hasCovariate: false, margin }, plan)
    .comparisons[0]!;

describe('a ratio that is the same for everybody', () => {
  it.each([10, 0.1, 1 / 3, 7.7])('%d in both arms: no difference, for certain', (items) => {
    const { relative, fixed, always, nonInferiority } = compare(items, items);
    expect(relative).toMatchObject({ status: 'ok', value: 0, standardError: 0 });
    expect(fixed).toEqual({ status: 'ok', low: 0, high: 0, pValue: 1 });
    expect(always).toEqual(fixed);
    expect(nonInferiority).toMatchObject({ status: 'ok', nonInferior: true, pValue: 0 });
  });

  it('another in the treatment: harm beyond the margin, for certain; within it, none', () => {
    const { relative, always, nonInferiority } = compare(10, 9);
    expect(relative).toMatchObject({ status: 'ok' });
    if (always.status !== 'ok') throw new Error(always.reason);
    expect(always.high).toBeCloseTo(-0.1, 12);
    expect(always.pValue).toBe(0);
    expect(nonInferiority).toMatchObject({ status: 'ok', nonInferior: false, pValue: 1 });
    expect(compare(10, 9, 0.2).nonInferiority).toMatchObject({ nonInferior: true });
  });
});
