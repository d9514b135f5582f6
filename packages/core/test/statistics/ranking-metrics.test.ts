import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CUTOFFS, METRIC_COUNT, METRICS, scoreList, type Metric } from '../../src/statistics/ranking-metrics.ts';

interface Case {
  ranked: number[];
  truth: number[];
  expected: Record<string, Record<Metric, number>>;
}
const cases = JSON.parse(readFileSync(new URL('../vectors/ranking-metrics.json', import.meta.url), 'utf8')) as Case[];

describe('ranking metrics', () => {
  it('match an independent implementation', () => {
    for (const { ranked, truth, expected } of cases) {
      const out = new Float64Array(METRIC_COUNT);
      scoreList(ranked, new Set(truth), out, 0);
      CUTOFFS.forEach((k, c) =>
        METRICS.forEach((metric, m) =>
          expect(out[c * METRICS.length + m]).toBeCloseTo(expected[String(k)]![metric], 12),
        ),
      );
    }
  });

  it('give one relevant item at the top a perfect ndcg at every cut-off', () => {
    const out = new Float64Array(METRIC_COUNT);
    scoreList([4, 1, 2], new Set([4]), out, 0);
    for (let c = 0; c < CUTOFFS.length; c++) expect(out[c * METRICS.length + 3]).toBe(1);
  });
});
