import { describe, expect, it } from 'vitest';
import type { OfflineMetric } from '../../src/contracts/release-manifest.ts';
import { gateRelease } from '../../src/release/gate.ts';

const metric = (system: string, name: string, value: number, halfWidth = 0.01): OfflineMetric => ({
  system,
  metric: name,
  k: 10,
  value,
  low: value - halfWidth,
  high: value + halfWidth,
});
const release = (int8: number, fp32: number, overlap: number) => ({
  model: { rankerMacs: 1000, parameters: 100 },
  offlineMetrics: [
    metric('served', 'ndcg', int8),
    metric('served_fp32', 'ndcg', fp32),
    metric('served', 'overlap', overlap),
  ],
});
const failed = (decision: ReturnType<typeof gateRelease>) =>
  decision.checks.filter((check) => !check.pass).map((check) => check.name);

describe('the gate', () => {
  it('passes a release that keeps quality under int8 and against the current one', () => {
    const decision = gateRelease(release(0.3, 0.3005, 0.97), release(0.3, 0.3, 0.99));
    expect(decision.pass).toBe(true);
    expect(decision.checks.map((check) => check.name)).toEqual(['quantization', 'overlap', 'quality']);
  });

  it('fails when int8 loses more than 0.3 % of NDCG@10, and passes at exactly the edge', () => {
    expect(failed(gateRelease(release(0.9969, 1, 0.99), null))).toEqual(['quantization']);
    expect(failed(gateRelease(release(0.9971, 1, 0.99), null))).toEqual([]);
  });

  it('fails when the top 10 of int8 and fp32 overlap by less than .95', () => {
    expect(failed(gateRelease(release(0.3, 0.3, 0.9499), null))).toEqual(['overlap']);
    expect(failed(gateRelease(release(0.3, 0.3, 0.95), null))).toEqual([]);
  });

  it('fails below the interval of the current release, and says both figures', () => {
    const decision = gateRelease(release(0.2899, 0.2899, 0.99), release(0.3, 0.3, 0.99));
    expect(failed(decision)).toEqual(['quality']);
    expect(decision.checks[2]!.reason).toContain('.2899 against .3000 [.2900, .3100]');
    expect(gateRelease(release(0.2901, 0.2901, 0.99), release(0.3, 0.3, 0.99)).pass).toBe(true);
  });

  it('takes the margin as a parameter', () => {
    const thresholds = { quantizationLossMax: 0.003, overlapMin: 0.95, inferiorityMax: 0.1 };
    expect(gateRelease(release(0.27, 0.27, 0.99), release(0.3, 0.3, 0.99), thresholds).pass).toBe(true);
  });

  it('does not pass what was not measured', () => {
    const decision = gateRelease({ model: { rankerMacs: 1, parameters: 1 }, offlineMetrics: [] }, null);
    expect(failed(decision)).toEqual(['quantization', 'overlap', 'quality']);
    expect(decision.checks.every((check) => check.reason.includes('was not measured'))).toBe(true);
  });

  it('asks nothing about quantisation of a release without a ranker', () => {
    const decision = gateRelease({ model: null, offlineMetrics: [metric('served', 'ndcg', 0.2)] }, null);
    expect(decision).toMatchObject({ pass: true, checks: [{ name: 'quality' }] });
  });

  it('looks at the whole population, not at a segment', () => {
    const offlineMetrics = [{ ...metric('served', 'ndcg', 0.9), segment: 'warm' }, metric('served', 'ndcg', 0.1)];
    const current = { model: null, offlineMetrics: [metric('served', 'ndcg', 0.5)] };
    expect(gateRelease({ model: null, offlineMetrics }, current).pass).toBe(false);
  });

  it('fails on a metric that is not a number', () => {
    expect(failed(gateRelease(release(Number.NaN, 0.3, 0.99), release(0.3, 0.3, 0.99)))).toEqual([
      'quantization',
      'quality',
    ]);
  });
});
