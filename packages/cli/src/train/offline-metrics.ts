import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OfflineMetric } from '@shortlist/core/contracts/release-manifest.ts';

/** What the gate needs of ranker.json. */
interface RankerReport {
  readonly fp32: { readonly ndcg10: number | null; readonly ndcg10StandardError: number | null };
  readonly int8: { readonly ndcg10: number | null; readonly ndcg10StandardError: number | null };
  readonly comparison: { readonly top10Overlap: number };
}

/**
 * The ranker's figures on the last cut-off, which it had not seen when they were taken: NDCG@10 over the retrieved lists
 * of both precisions, with normal 95 % intervals over lists, and their top-10 overlap.
 */
export async function rankerMetrics(runDir: string): Promise<OfflineMetric[]> {
  const report = JSON.parse(await readFile(join(runDir, 'ranker', 'ranker.json'), 'utf8')) as RankerReport;
  const metrics: OfflineMetric[] = [];
  for (const [system, { ndcg10, ndcg10StandardError }] of [
    ['served', report.int8],
    ['served_fp32', report.fp32],
  ] as const) {
    if (ndcg10 === null) continue;
    const margin = 1.96 * (ndcg10StandardError ?? 0);
    metrics.push({ system, metric: 'ndcg', k: 10, value: ndcg10, low: ndcg10 - margin, high: ndcg10 + margin });
  }
  const overlap = report.comparison.top10Overlap;
  metrics.push({ system: 'served', metric: 'overlap', k: 10, value: overlap, low: overlap, high: overlap });
  return metrics;
}
