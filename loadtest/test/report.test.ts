import { describe, expect, it } from 'vitest';
import { niceTop } from '../report/chart.ts';
import { percent } from '../report/format.ts';
import { resultOf, type Asked, type K6Summary } from '../report/from-k6.ts';
import { renderHtml } from '../report/html.ts';
import { renderText } from '../report/text.ts';
import { timeline } from '../report/timeline.ts';
import { promisesOf } from '../scenarios/promises.ts';
import { planOf } from '../scenarios/scenario.ts';
import { Schedule } from '../scenarios/schedule.ts';
import { smoke } from '../scenarios/smoke.ts';

const load = { rate: 10, seconds: 4, swaps: 1 };
const phases = planOf(smoke, load);
const { planned, totalMs } = new Schedule(phases);
const asked: Asked = {
  scenario: smoke,
  target: 'http://127.0.0.1:1/<script>',
  load,
  p99Ms: 100,
  phases,
  planned,
  promises: promisesOf(phases, planned, 100),
  slots: timeline(totalMs),
};

/** As k6 1.8 gives it. `changes` replace metrics. */
function summary(changes: K6Summary['metrics'] = {}): K6Summary {
  const trend = { count: 38, min: 1, avg: 4, 'p(50)': 3, 'p(95)': 9, 'p(99)': 12.5, 'p(99.9)': 14, max: 14.5 };
  const rate = (passes: number, fails: number) => ({ rate: passes / (passes + fails), passes, fails });
  const kept = (...expressions: string[]) =>
    Object.fromEntries(expressions.map((expression) => [expression, { ok: true }]));
  return {
    state: { testRunDurationMs: 6000 },
    metrics: {
      dropped_iterations: { values: { count: 0, rate: 0 }, thresholds: kept('count==0') },
      iterations: {
        values: { count: planned, rate: 9 },
        thresholds: kept(`count>=${Math.floor(planned * 0.99 - 10)}`),
      },
      generator_late_ms: { values: { ...trend, 'p(99)': 0.4 }, thresholds: kept('p(99)<20') },
      errors: { values: rate(0, 45), thresholds: kept('rate<0.001') },
      accepted_ms: { values: trend },
      'accepted_ms{phase:hold}': { values: trend, thresholds: kept('p(99)<100', 'max>0') },
      'errors{phase:hold}': { values: rate(0, 40) },
      'shed{phase:hold}': { values: rate(2, 38), thresholds: { 'rate<0.001': { ok: false } } },
      'degraded{phase:hold}': { values: rate(1, 37), thresholds: kept('rate<0.01') },
      'tier{tier:personalized}': { values: { count: 38, rate: 6 } },
      ...changes,
    },
  };
}

describe('the result', () => {
  it('has the figures of each phase, refused and degraded apart from errors, and broken promises by name', () => {
    const result = resultOf(summary(), asked);
    expect(result.phases.at(-1)).toMatchObject({
      ...{ name: 'hold', requests: 40, accepted: 38, shed: 2, failed: 0, degraded: 1 },
      ...{ p50Ms: 3, p99Ms: 12.5, maxMs: 14.5 },
    });
    expect(result.passed).toBe(false);
    expect(result.promises.filter(({ kept }) => !kept)).toEqual([
      { what: 'hold: refused < 0.1 %', unit: 'share', measured: 0.05, kept: false },
    ]);
  });

  it('takes what was not measured for broken, and no samples for no figure', () => {
    const { metrics } = summary();
    const { 'accepted_ms{phase:hold}': _, ...without } = metrics;
    const result = resultOf({ ...summary(), metrics: without }, asked);
    expect(result.promises.find(({ what }) => what.startsWith('hold: p99'))).toMatchObject({
      kept: false,
      measured: null,
    });
    expect(result.phases.at(-1)).toMatchObject({ accepted: 0, p99Ms: null });
    const empty = { values: { count: 0, min: 0, max: 0, 'p(50)': 0, 'p(99)': 0 } };
    expect(resultOf(summary({ 'accepted_ms{phase:warm}': empty }), asked).phases[1]).toMatchObject({ p50Ms: null });
  });
});

describe('the report', () => {
  it('says the verdict and every promise as text', () => {
    const text = renderText(resultOf(summary(), asked));
    expect(text).toContain('smoke: FAILED, 1 of 8 promises broken: hold: refused < 0.1 %');
    expect(text).toMatch(/NO {3}hold: refused < 0\.1 % {2}\(5\.0 %\)/);
    expect(text).toMatch(/yes {2}hold: p99 from when it was due < 100 ms {2}\(12\.5 ms\)/);
  });

  it('warns that dropped requests move the due times', () => {
    const dropped = { values: { count: 3, rate: 1 }, thresholds: { 'count==0': { ok: false } } };
    expect(renderText(resultOf(summary({ dropped_iterations: dropped }), asked))).toContain('up to 300 ms too high');
  });

  it('is one file as HTML: no script, nothing from elsewhere, text escaped', () => {
    const html = renderHtml({ ...resultOf(summary(), asked), faults: [{ what: 'kill-redis', atS: 2, tookS: 0.1 }] });
    expect(html).not.toMatch(/<script|<link|<img|src=|url\(|@import/);
    expect(html).toContain('http://127.0.0.1:1/&lt;script&gt;');
    expect(html).toContain('kill-redis');
    expect(html.match(/<svg/g)).toHaveLength(2);
    expect(html).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('has round axes and shares that tell little from nothing', () => {
    expect([0.7, 1, 1.2, 2.3, 4, 9, 11, 260].map(niceTop)).toEqual([1, 1, 2, 2.5, 5, 10, 20, 500]);
    expect([0, 0.00001, 0.001, 0.05, 1].map(percent)).toEqual(['0 %', '< 0.01 %', '0.10 %', '5.0 %', '100 %']);
  });
});
