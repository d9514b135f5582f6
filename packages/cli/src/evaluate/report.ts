import type { EvaluationReport, EvaluationRow } from '@shortlist/core/contracts/evaluation.ts';
import { CUTOFFS } from '@shortlist/core/statistics/ranking-metrics.ts';

const COLUMNS = ['recall', 'ndcg', 'precision', 'hit_rate'] as const;

/** The report as a person reads it: per segment one line a system, metrics at the longest cut-off with intervals. */
export function formatReport(report: EvaluationReport, k: number = CUTOFFS[CUTOFFS.length - 1]!): string {
  const lines = [`${report.dataset}, ${report.mode}: ${report.protocol}`];
  for (const segment of new Set(report.rows.map((row) => row.segment))) {
    const rows = report.rows.filter((row) => row.segment === segment && row.k === k);
    const users = rows.find((row) => row.metric === 'recall')?.users ?? 0;
    lines.push('', `${segment} (${users} units)`, header(k));
    for (const system of new Set(rows.map((row) => row.system))) lines.push(systemLine(system, rows));
  }
  return lines.join('\n') + '\n';
}

function header(k: number): string {
  return ['system'.padEnd(24), ...COLUMNS.map((metric) => `${metric}@${k}`.padEnd(22)), `coverage@${k}`].join('');
}

function systemLine(system: string, rows: readonly EvaluationRow[]): string {
  const cell = (metric: string) => rows.find((row) => row.system === system && row.metric === metric);
  const cells = COLUMNS.map((metric) => {
    const row = cell(metric);
    return (row ? `${fraction(row.value)} [${fraction(row.low)}, ${fraction(row.high)}]` : '-').padEnd(22);
  });
  const coverage = cell('coverage');
  return system.padEnd(24) + cells.join('') + (coverage ? fraction(coverage.value) : '-');
}

/** `.2558`, the notation of the data protocols. */
function fraction(value: number): string {
  return value.toFixed(4).replace(/^0/, '');
}
