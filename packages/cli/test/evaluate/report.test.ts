import { expect, it } from 'vitest';
import type { EvaluationRow } from '@shortlist/core/contracts/evaluation.ts';
import { formatReport } from '../../src/evaluate/report.ts';

const row = (system: string, metric: string, value: number, k = 20): EvaluationRow => ({
  system,
  segment: 'all',
  metric,
  k,
  value,
  low: value / 2,
  high: 1,
  users: 12,
});

it('has a line per system with the longest cut-off, in the notation of the protocols', () => {
  const text = formatReport({
    dataset: 'shop',
    mode: 'new-only',
    protocol: 'train before noon',
    commit: 'abc',
    rows: [
      row('served', 'recall', 0.2558),
      row('served', 'recall', 0.9, 5),
      row('served', 'coverage', 1),
      row('popular', 'ndcg', 0.03),
    ],
  });
  const lines = text.split('\n');
  expect(lines[0]).toBe('shop, new-only: train before noon');
  expect(lines[2]).toBe('all (12 units)');
  expect(lines[3]!.split(/\s+/)).toEqual([
    'system',
    'recall@20',
    'ndcg@20',
    'precision@20',
    'hit_rate@20',
    'coverage@20',
  ]);
  expect(lines[4]!.replace(/ +/g, ' ')).toBe('served .2558 [.1279, 1.0000] - - - 1.0000');
  expect(lines[5]!.replace(/ +/g, ' ')).toBe('popular - .0300 [.0150, 1.0000] - - -');
  expect(text).not.toContain('.9000');
});
