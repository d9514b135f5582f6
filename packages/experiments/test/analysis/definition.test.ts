import { describe, expect, it } from 'vitest';
import { firstPass, LOG, secondPass } from '../../src/analysis/build-units.ts';
import { definitionOf } from '../../src/analysis/definition.ts';
import { isBetween } from '../../src/analysis/read-position.ts';
import { loadBuiltInMetrics } from '../../src/documents/metric-catalogue.ts';
import { CONVERSION, metric, subjectOf } from './subject.ts';

describe('what a unit table is made by', () => {
  it('has a column for each quantity once, and a covariate for means of outcomes', () => {
    const subject = { ...subjectOf(), metrics: loadBuiltInMetrics() };
    const names = definitionOf(subject).columns.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining(['slates', 'items', 'purchase_count_before', 'purchase_value_since']));
    const without = definitionOf({
      ...subject,
      spec: { ...subject.spec, analysis: { ...subject.spec.analysis, preperiodDays: 0 } },
    });
    expect(without.columns.some(({ of }) => of === 'before')).toBe(false);
  });

  it('tallies units by themselves first, and each pair of variables that metrics need once', () => {
    const { pairs } = definitionOf({
      ...subjectOf(),
      metrics: new Map([...subjectOf().metrics, ['again', CONVERSION]]),
    });
    expect(pairs).toEqual([
      ['0', '0'],
      ['(purchase_count_since > 0)::integer::float8', '(purchase_count_before > 0)::integer::float8'],
      ['errors', 'slates'],
    ]);
  });

  it('is another one for another window, version or variant, and the same for another alpha', () => {
    const text = (options: Parameters<typeof subjectOf>[0]) => JSON.stringify(definitionOf(subjectOf(options)));
    expect(text({ plan: { alpha: 0.01 } })).toBe(text({}));
    expect(text({ plan: { attributionHours: 48 } })).not.toBe(text({}));
    expect(text({ weights: [0.5, 0.3, 0.2] })).not.toBe(text({}));
  });

  it('quotes what comes from documents', () => {
    const odd = metric({ numerator: { slate: 'slow', slowerThanMs: 0.5 } });
    const definition = definitionOf({ ...subjectOf(), experiment: "o'clock", metrics: new Map([['odd', odd]]) });
    expect(firstPass(definition, LOG).text).toContain("experiment = 'o''clock'");
    expect(secondPass(definition, 'stage', LOG).text).toContain('slower_than_0_5_ms');
  });

  it('reads on behind the last batch of every writer', () => {
    expect(isBetween({ 1: 5, 2: 7 }, { 1: 6, 2: 7, 9: 3 })).toBe(
      '((writer = 1 AND batch > 5 AND batch <= 6) OR (writer = 9 AND batch > 0 AND batch <= 3))',
    );
    expect(isBetween({ 1: 5 }, { 1: 5 })).toBe('false');
  });
});
