import type { Exposure, SlateRecord } from '@shortlist/core/contracts/serving-records.ts';

/** What a pod sends of one answer, as it comes over the wire. */
export const sentSlate = (requestId: string, changes: Partial<SlateRecord> = {}): SlateRecord => ({
  kind: 'slate',
  request_id: requestId,
  user_id: 'ann',
  session_id: null,
  timestamp: Date.now() / 1000,
  surface: 'home',
  device: 'mobile',
  category: null,
  items: ['i1', 'i2'],
  propensities: [1, 0.25],
  sources: ['trending', ''],
  teams: [],
  release: 'release-1',
  tier: 'personalized',
  degraded: [],
  latency_ms: 3.5,
  error: null,
  sampled: 1,
  experiments: [
    {
      ...{ experiment: 'ranker-2', version: 1, unit: 'u:ann', assigned: 'treatment', served: 'treatment' },
      ...{ phase: 0, differs: null },
    },
  ],
  ...changes,
});

export const sentExposure = (unit: string, changes: Partial<Exposure> = {}): Exposure => ({
  kind: 'exposure',
  experiment: 'ranker-2',
  version: 1,
  unit,
  assigned: 'treatment',
  served: 'control',
  reason: 'release_not_loaded',
  release: 'release-1',
  phase: 0,
  timestamp: Date.now() / 1000,
  request_id: `of ${unit}`,
  ...changes,
});

export const lines = (records: readonly unknown[]): string =>
  records.map((record) => `${typeof record === 'string' ? record : JSON.stringify(record)}\n`).join('');
