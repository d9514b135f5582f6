import { describe, expect, it } from 'vitest';
import { latencyOf, monitorReport } from '../../src/k8s/monitor-report.ts';
import { autoscalerOf, found, podOf } from './doctor/healthy-installation.ts';

const AT = new Date('2026-03-01T12:00:00Z');

describe('what monitor shows', () => {
  it.each([
    ['50', '<= 25 ms'],
    ['62500m', '50 ms'],
    ['87500m', '100 ms'],
    ['112500m', '>= 150 ms'],
    ['NaN', 'NaN'],
  ])('turns a pressure of %s back into %s', (pressure, latency) => expect(latencyOf(pressure)).toBe(latency));

  it('shows pods wanted and there, what drives them, releases and experiments', () => {
    const text = monitorReport({
      at: AT,
      autoscalers: found([autoscalerOf()]),
      pods: found([podOf('serving', 'a'), podOf('serving', 'b'), podOf('ingest', 'a')]),
      experiments: found([
        {
          metadata: { name: 'diversity' },
          spec: { layer: 'ranking' },
          status: { state: 'running', exposed: 0.25, conditions: [{ type: 'Ready', status: 'True' }] },
        },
      ]),
      modelReleases: { state: 'absent' },
    });
    expect(text).toMatch(/shortlist-serving +5 +5 +5\.\.50 +cpu 55 %, p99 50 ms\n/);
    expect(text).toMatch(/serving +2 +2 +0 +r-7\n/);
    expect(text).toMatch(/diversity +running +ranking +0\.25 +True\n/);
    expect(text).toContain('releases: none\n');
  });

  it('says of what could not be read why, and which metric is missing', () => {
    const scaler = autoscalerOf();
    const text = monitorReport({
      at: AT,
      autoscalers: found([{ ...scaler, status: { currentMetrics: [{ type: '' }, { type: '' }] } }]),
      pods: { state: 'unknown', reason: '403: forbidden' },
      experiments: found([]),
      modelReleases: found([]),
    });
    expect(text).toContain('ContainerResource missing, External missing');
    expect(text).toContain('pods: 403: forbidden\n');
  });
});
