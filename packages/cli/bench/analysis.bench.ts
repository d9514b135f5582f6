/**
 * How long the analysis of an experiment takes, on an embedded PostgreSQL of its own with the real schema:
 * `make bench SUITE=analysis ARGS="--exposures 10000000"` (default 500000; three events to an exposure, six slates to five
 * of them), [--memory 1024: MB for one hash table] [--home DIR: keeps the data there, and uses what is there already],
 * [--equal no: spares the last comparison], [--full no: goes on from the numbers that are there, and finds the last hour of
 * an earlier run again].
 * 10,000,000 exposures take 20 GB of disk and a quarter of an hour to make.
 *
 * - full: everything but the last hour, at once: unit table, latencies, coverage, statistics.
 * - hour: the last hour has come meanwhile.
 * - nothing: nothing has come.
 * - equal: the unit table that was brought up to date is the one that a full computation makes.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { Value } from 'typebox/value';
import { ExperimentSpecSchema } from '@shortlist/core/contracts/experiment.ts';
import { analyseExperiment } from '@shortlist/experiments/analysis/create-analysis.ts';
import type { ExperimentResults } from '@shortlist/experiments/analysis/results.ts';
import type { AnalysisSubject } from '@shortlist/experiments/decisions/evidence.ts';
import { loadBuiltInMetrics } from '@shortlist/experiments/documents/metric-catalogue.ts';
import { option } from '../../core/bench/option.ts';
import { report, summarised, type BenchResult } from '../../core/bench/report.ts';
import { readEnvironment } from '../src/environment.ts';
import { createCluster, withDatabase } from '../src/workspace/database.ts';
import { forgetLastHour, makeHistory, makeLastHour, removeLastHour, type History } from './load/experiment-history.ts';
import { cpuOf } from '../../service/bench/process-cpu.ts';

const exposures = Number(option('exposures', '500000'));
const workMemoryMb = Number(option('memory', '1024'));
const kept = option('home', '');
const isChecked = option('equal', 'yes') === 'yes';
const isFull = option('full', 'yes') === 'yes';
const DAYS = 14;
const HOUR_S = 3_600;

/** The built-in metrics but stock leaks, which would look into every slate. */
function subjectOf({ experiment, untilS, days }: History): AnalysisSubject {
  const success = ['click-through-rate', 'conversion-per-user', 'revenue-per-user'];
  const guardrails = ['latency-p99', 'error-rate', 'fallback-rate', 'items-per-slate'];
  const metrics = new Map([...loadBuiltInMetrics()].filter(([name]) => [...success, ...guardrails].includes(name)));
  const spec = Value.Default(ExperimentSpecSchema, {
    layer: 'default',
    variants: ['control', 'treatment'].map((name) => ({ name, weight: 0.5 })),
    metrics: { success, guardrails: guardrails.map((metric) => ({ metric })) },
    analysis: {},
  }) as AnalysisSubject['spec'];
  return { experiment, spec, unit: 'user', metrics, versions: [{ version: 1, startedAtS: untilS - days * 86_400 }] };
}

const home = kept === '' ? mkdtempSync(join(tmpdir(), 'shortlist-bench-')) : kept;
mkdirSync(home, { recursive: true });
// PostgreSQL's account must get in.
chmodSync(home, 0o755);
const environment = readEnvironment({ SHORTLIST_HOME: home });
const results: BenchResult[] = [];
const log = (line: string) => console.error(`${(performance.now() / 1000).toFixed(0).padStart(5)} s  ${line}`);

/** Of all processes of the server; other work on the machine lengthens it less than the time that passes. */
const serverCpuS = () => cpuOf(createCluster(environment).status().pid!);

async function timed(name: string, work: () => Promise<ExperimentResults>): Promise<ExperimentResults> {
  const startedMs = performance.now();
  const startedS = serverCpuS();
  const found = await work();
  const seconds = (performance.now() - startedMs) / 1000;
  const cpuS = serverCpuS() - startedS;
  const { mode, touched } = found.refresh;
  log(`${name}: ${seconds.toFixed(1)} s, ${cpuS.toFixed(1)} s of CPU, ${mode}, ${touched} units made`);
  results.push(summarised(`${name}.time`, 's', [seconds]), summarised(`${name}.cpu`, 's', [cpuS]));
  return found;
}

const digest = async (pool: Pool): Promise<unknown> => {
  const { rows } = await pool.query<{ id: number }>('SELECT id FROM analyses');
  const text = `SELECT count(*), sum(hashtextextended(units::text, 0)::numeric) FROM analysis_units_${rows[0]!.id} AS units`;
  return (await pool.query(text)).rows[0];
};

await withDatabase(environment, 'bench', async ({ pool }) => {
  await pool.query('CREATE TABLE IF NOT EXISTS bench_history (exposures bigint NOT NULL, until_s float8 NOT NULL)');
  const { rows } = await pool.query<Pick<History, 'exposures' | 'untilS'>>(
    'SELECT exposures::float8 AS exposures, until_s AS "untilS" FROM bench_history',
  );
  // What is kept goes on as it was made: another number of exposures would make another last hour.
  const made = rows[0] ?? { exposures, untilS: Math.floor(Date.now() / 1000 / HOUR_S) * HOUR_S };
  const history: History = { experiment: 'ranker', ...made, days: DAYS };
  if (rows.length === 0) {
    await makeHistory(pool, history, log);
    await pool.query('INSERT INTO bench_history VALUES ($1, $2)', [made.exposures, made.untilS]);
  } else if (isFull) await removeLastHour(pool, history);
  const subject = subjectOf(history);
  const analyse = (isAnew: boolean) => analyseExperiment(pool, subject, made.untilS, { workMemoryMb, isAnew });
  const counts = await pool.query<{ table: string; rows: number }>(
    `SELECT regexp_replace(relname, '_[0-9]{8}$', '') AS table, sum(reltuples)::float8 AS rows FROM pg_class
     WHERE relkind = 'r' AND relname ~ '^(exposures|slate_experiments|events_[0-9]{8})$' GROUP BY 1 ORDER BY 1`,
  );
  log(counts.rows.map(({ table, rows }) => `${rows.toLocaleString('en')} ${table}`).join(', '));
  const whole = isFull ? await timed('full', () => analyse(true)) : null;
  await timed('nothing', () => analyse(false));
  await (isFull ? makeLastHour : forgetLastHour)(pool, history);
  await timed('hour', () => analyse(false));
  if (isChecked) {
    const before = JSON.stringify(await digest(pool));
    await analyse(true);
    const isEqual = JSON.stringify(await digest(pool)) === before;
    log(`hour by hour equals at once: ${isEqual ? 'yes' : 'NO'}`);
    if (!isEqual) process.exitCode = 1;
  }
  for (const { metric, comparisons } of whole?.metrics ?? []) {
    const { relative } = comparisons[0]!;
    log(`${metric}: ${relative.status === 'ok' ? `${(relative.value * 100).toFixed(2)} %` : relative.reason}`);
  }
});
if (kept === '') rmSync(home, { recursive: true });
report(results);
