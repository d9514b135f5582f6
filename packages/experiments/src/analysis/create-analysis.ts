import type { Pool } from 'pg';
import { preferenceTest, type Preference } from '@shortlist/core/statistics/interleaving.ts';
import type { NotComputable } from '@shortlist/core/statistics/effect.ts';
import { codedDatabaseError } from '@shortlist/core/stores/postgres/connection.ts';
import { poolSession } from '@shortlist/core/stores/postgres/session.ts';
import type { ClientBase } from 'pg';
import type { AnalysisSubject } from '../decisions/evidence.ts';
import { columnsOfMetric } from '../metrics/quantities.ts';
import { computeResults, type MetricOfSubject } from './compute-results.ts';
import { definitionOf } from './definition.ts';
import { readArrivals, readSlates } from './diagnostics.ts';
import { readMoments } from './moments.ts';
import type { Analyse, ExperimentResults } from './results.ts';
import { toEvidence } from './to-evidence.ts';
import { refreshUnitTable, type RefreshOptions, type UnitTable } from './unit-table.ts';

const DAY_S = 86_400;

/** The analysis as the decision rule wants it. `pool`: no statement of it may be limited to less than minutes. */
export const createAnalysis =
  (pool: Pool, options: RefreshOptions = {}): Analyse =>
  async (subject, nowS) => {
    const details = await analyseExperiment(pool, subject, nowS, options);
    return { evidence: toEvidence(subject, details), details };
  };

/**
 * Brings the unit table of a phase up to date and computes everything of it.
 * @throws `database_*`
 */
export async function analyseExperiment(
  pool: Pool,
  subject: AnalysisSubject,
  nowS: number,
  options: RefreshOptions = {},
): Promise<ExperimentResults> {
  const definition = definitionOf(subject);
  // A day for clocks that differ.
  const fromS = subject.versions[0]!.startedAtS - (definition.preperiodDays + 1) * DAY_S;
  const metrics = metricsOf(subject);
  try {
    const table = await refreshUnitTable(pool, definition, fromS, options);
    return await poolSession(pool).transaction(async (client) => {
      await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const arms = definition.variants.length;
      const data = {
        metrics,
        moments: await readMoments(client, table.tallies, definition.pairs, metrics),
        arrivals: await readArrivals(client, table.id, arms),
        slates: await readSlates(client, table.id, arms),
        interleaving: definition.isInterleaving ? await readPreference(client, table, subject) : null,
        refresh: { mode: table.mode, touched: table.touched },
      };
      return computeResults(subject, data, nowS);
    });
  } catch (error) {
    throw codedDatabaseError(error, pool.options.connectionString ?? 'postgres://localhost');
  }
}

/** Success metrics, then guardrails. One that is not defined is left out; the results say so. */
function metricsOf({ spec, metrics }: AnalysisSubject): readonly MetricOfSubject[] {
  const { preperiodDays, winsorise } = spec.analysis;
  const named = [
    ...spec.metrics.success.map((name) => ({ name, role: 'success' as const, margin: null })),
    ...spec.metrics.guardrails.map(({ metric, margin }) => ({ name: metric, role: 'guardrail' as const, margin })),
  ];
  return named.flatMap((one) => {
    const metric = metrics.get(one.name);
    if (metric === undefined) return [];
    const columns = columnsOfMetric(metric, preperiodDays > 0);
    const cut = metric.winsorised ? winsorise : null;
    return [{ ...one, spec: metric, columns, winsorise: cut, hasCovariate: columns.covariate !== null }];
  });
}

/** Credits of every unit that gave any: the others are ties, whose number alone counts. */
async function readPreference(
  client: ClientBase,
  { table }: UnitTable,
  { spec }: AnalysisSubject,
): Promise<Preference | NotComputable> {
  const { rows } = await client.query<[number, number]>({
    text: `SELECT credit_0, credit_1 FROM ${table}`,
    rowMode: 'array',
  });
  const credit = (team: 0 | 1) => Float64Array.from(rows, (row) => row[team]);
  return preferenceTest(credit(0), credit(1), { alpha: spec.analysis.alpha });
}
