/**
 * What k6 runs, for every scenario:
 *
 *   k6 run -e SCENARIO=load -e TARGET=http://127.0.0.1:8080 -e RATE=300 -e DURATION=60 -e TRAFFIC=/path/traffic.json
 *     [-e P99_MS=100] [-e SWAPS=10] [-e OUT=folder] loadtest/k6/run.ts
 *
 * `make loadtest` does it with all that belongs around it. Requests come at their due times whether or not earlier ones are
 * answered (open model), and a latency counts from the moment at which the request was due, so that neither a server nor a
 * generator that stalls hides anybody's waiting.
 */
import exec from 'k6/execution';
import type { Options } from 'k6/options';
import { ofPhase, METRICS, promisesOf } from '../scenarios/promises.ts';
import { planOf, type Scenario } from '../scenarios/scenario.ts';
import { Schedule, stagesOf } from '../scenarios/schedule.ts';
import { scenarioOf } from '../scenarios/scenarios.ts';
import { renderHtml } from '../report/html.ts';
import { resultOf, type K6Summary } from '../report/from-k6.ts';
import { renderText } from '../report/text.ts';
import { TIERS } from '../report/result.ts';
import { timeline } from '../report/timeline.ts';
import { ask } from './ask.ts';
import { BEGINS } from './begins.ts';
import { Measures } from './measures.ts';

const given = (name: string, initial?: string): string => {
  const value = __ENV[name] ?? initial;
  if (value === undefined || value === '') throw new Error(`-e ${name}=... is missing`);
  return value;
};

const scenario = named(given('SCENARIO'));
const target = given('TARGET').replace(/\/$/, '');
const load = {
  rate: Number(given('RATE', String(scenario.defaults.rate))),
  seconds: Number(given('DURATION', String(scenario.defaults.seconds))),
  swaps: Number(given('SWAPS', '10')),
};
const p99Ms = Number(given('P99_MS', '100'));
const phases = planOf(scenario, load);
const schedule = new Schedule(phases);
const promises = promisesOf(phases, schedule.planned, p99Ms);
const slots = timeline(schedule.totalMs);
const measures = new Measures();

function named(name: string): Scenario {
  const found = scenarioOf(name);
  if (found === undefined) throw new Error(`there is no scenario ${name}`);
  return found;
}

/**
 * Enough users at a time for answers of a second. A request that finds none free is `dropped`, and since k6 does not count
 * it, all later ones seem to be due earlier than they were: figures from then on are upper bounds, and the test has failed.
 */
const highest = Math.max(...phases.map(({ rate }) => rate));
const users = Math.min(3_000, Math.max(100, highest));

/** k6 keeps figures apart only by tags that a threshold names: these are always kept. */
function keptApart(): Record<string, string[]> {
  const kept: Record<string, string[]> = {};
  const always = (metric: string, figure: string) => (kept[metric] ??= [`${figure}>=0`]);
  const parts = [
    ...phases.map((phase) => `{phase:${phase.name}}`),
    ...Array.from({ length: slots.count }, (_, slot) => `{slot:${slot}}`),
  ];
  for (const part of parts) {
    always(METRICS.accepted + part, 'min');
    for (const rate of [METRICS.errors, METRICS.shed, METRICS.degraded]) always(rate + part, 'rate');
  }
  for (const phase of phases) always(ofPhase(METRICS.refused, phase), 'min');
  for (const tier of TIERS) always(`${METRICS.tier}{tier:${tier}}`, 'count');
  return kept;
}

function thresholds(): Record<string, string[]> {
  const all: Record<string, string[]> = {};
  for (const { metric, expression } of promises) (all[metric] ??= []).push(expression);
  for (const [metric, expressions] of Object.entries(keptApart())) (all[metric] ??= []).push(...expressions);
  return all;
}

export const options: Options = {
  scenarios: {
    [scenario.name]: {
      executor: 'ramping-arrival-rate',
      startRate: 0,
      timeUnit: '1s',
      stages: stagesOf(phases),
      preAllocatedVUs: users,
      maxVUs: users,
      gracefulStop: '10s',
    },
  },
  thresholds: thresholds(),
  summaryTrendStats: ['count', 'min', 'avg', 'p(50)', 'p(95)', 'p(99)', 'p(99.9)', 'max'],
  // Tags cost time in the generator; what we need we add.
  systemTags: [],
  userAgent: 'shortlist-loadtest',
};

/** k6 is ready; the harness counts the times of its faults from here. */
export function setup(): void {
  console.log(BEGINS);
}

/**
 * k6's schedule begins when all its users are ready, a moment after the clock of `progress`; that moment is the least lateness
 * that a user has seen. Each keeps its own: users of k6 share no memory.
 */
let leastLateMs = Infinity;

export default function (): void {
  const { iterationInTest, progress } = exec.scenario;
  const dueMs = schedule.dueMs(iterationInTest);
  const lateMs = progress * schedule.totalMs - dueMs;
  leastLateMs = Math.min(leastLateMs, lateMs);
  const answer = ask(target, iterationInTest);
  measures.note(answer, {
    lateMs: lateMs - leastLateMs,
    phase: phases[schedule.phaseAt(dueMs)]!.name,
    slot: String(slots.at(dueMs)),
  });
}

export function handleSummary(data: K6Summary): Record<string, string> {
  const result = resultOf(data, { scenario, target, load, p99Ms, phases, planned: schedule.planned, promises, slots });
  const out = __ENV.OUT;
  const json = `${JSON.stringify(result, null, 1)}\n`;
  // The harness has something to add, and shows it then.
  if (__ENV.QUIET === '1') return { [`${out}/result.json`]: json };
  const files =
    out === undefined || out === '' ? {} : { [`${out}/result.json`]: json, [`${out}/report.html`]: renderHtml(result) };
  return { stdout: renderText(result), ...files };
}
