import type { Phase } from './scenario.ts';

/** Share of requests: less than one of a thousand may fail. */
const ERRORS_MAX = 0.001;
const SHED_MAX = 0.001;
const DEGRADED_MAX = 0.01;
/** Of the planned requests that must have been made. Who is late when the time is over is not waited for by k6. */
const ACHIEVED_MIN = 0.99;
const LAST_S = 1;
/** Of the limit of latency. */
const LATE_SHARE_MAX = 0.2;

/** Something that must hold, in k6's words and in ours. */
export interface Promised {
  /** Metric or submetric of k6. */
  readonly metric: string;
  readonly expression: string;
  readonly what: string;
  readonly unit: 'ms' | 'share' | 'count';
}

/** Names of the metrics that run.ts fills. */
export const METRICS = {
  /** Milliseconds from the moment at which a request was due until its slate had arrived. */
  accepted: 'accepted_ms',
  /** The same as k6 counts: from when the request was sent. */
  sent: 'accepted_from_sent_ms',
  /** The same of refusals. */
  refused: 'refused_ms',
  /** How late k6 itself began. */
  late: 'generator_late_ms',
  errors: 'errors',
  shed: 'shed',
  degraded: 'degraded',
  tier: 'tier',
} as const;

export const ofPhase = (metric: string, phase: Phase): string => `${metric}{phase:${phase.name}}`;

/**
 * The promises of a scenario. Refusals (503 with Retry-After) and degraded answers are not errors: they are counted apart,
 * and limited where nothing is wrong.
 */
export function promisesOf(phases: readonly Phase[], planned: number, p99Ms: number): Promised[] {
  const made = Math.floor(planned * ACHIEVED_MIN - (phases.at(-1)?.rate ?? 0) * LAST_S);
  const promises: Promised[] = [
    { metric: 'dropped_iterations', expression: 'count==0', what: 'every planned request was sent', unit: 'count' },
    {
      metric: 'iterations',
      expression: `count>=${Math.max(1, made)}`,
      what: `at least 99 % of ${planned} planned requests were made, but for the last second's`,
      unit: 'count',
    },
    {
      metric: METRICS.late,
      expression: `p(99)<${p99Ms * LATE_SHARE_MAX}`,
      what: `the generator was on time, p99 < ${p99Ms * LATE_SHARE_MAX} ms late (else its own waiting is in the figures)`,
      unit: 'ms',
    },
    { metric: METRICS.errors, expression: `rate<${ERRORS_MAX}`, what: 'errors < 0.1 %', unit: 'share' },
  ];
  const add = (phase: Phase, metric: string, expression: string, what: string, unit: Promised['unit']) =>
    promises.push({ metric: ofPhase(metric, phase), expression, what: `${phase.name}: ${what}`, unit });
  for (const phase of phases.filter(({ judged }) => judged)) {
    add(phase, METRICS.accepted, `p(99)<${p99Ms}`, `p99 from when it was due < ${p99Ms} ms`, 'ms');
    add(phase, METRICS.accepted, 'max>0', 'somebody is served (the slowest)', 'ms');
    if (phase.mayShed !== true) add(phase, METRICS.shed, `rate<${SHED_MAX}`, 'refused < 0.1 %', 'share');
    if (phase.mayDegrade !== true) add(phase, METRICS.degraded, `rate<${DEGRADED_MAX}`, 'degraded < 1 %', 'share');
  }
  return promises;
}
