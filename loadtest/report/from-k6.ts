import { METRICS, ofPhase, type Promised } from '../scenarios/promises.ts';
import { secondsOf, type Load, type Phase, type Scenario } from '../scenarios/scenario.ts';
import { TIERS, type Figures, type PromiseResult, type Result } from './result.ts';
import type { Timeline } from './timeline.ts';

/** What k6 gives `handleSummary`; metrics without a sample may be missing. */
export interface K6Summary {
  readonly state: { readonly testRunDurationMs: number };
  readonly metrics: Readonly<
    Record<
      string,
      {
        readonly values: Readonly<Record<string, number>>;
        readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>;
      }
    >
  >;
}

export interface Asked {
  readonly scenario: Scenario;
  readonly target: string;
  readonly load: Load;
  readonly p99Ms: number;
  readonly phases: readonly Phase[];
  readonly planned: number;
  readonly promises: readonly Promised[];
  readonly slots: Timeline;
}

/** The result of k6's summary. A promise whose metric has no sample is broken: nothing was measured. */
export function resultOf(summary: K6Summary, asked: Asked): Result {
  const { scenario, target, load, p99Ms, phases, slots } = asked;
  const promises = asked.promises.map((promised) => judged(summary, promised));
  const late = summary.metrics[METRICS.late]?.values;
  const sent = summary.metrics[METRICS.sent]?.values;
  return {
    scenario: scenario.name,
    purpose: scenario.purpose,
    target,
    startedAt: new Date(Date.now() - summary.state.testRunDurationMs).toISOString(),
    rate: load.rate,
    p99LimitMs: p99Ms,
    planned: asked.planned,
    dropped: summary.metrics.dropped_iterations?.values.count ?? 0,
    passed: promises.every(({ kept }) => kept),
    promises,
    all: figures(summary, ''),
    fromSent: { p50Ms: figureOf(sent, 'p(50)'), p99Ms: figureOf(sent, 'p(99)') },
    phases: phases.map((phase, i) => ({
      name: phase.name,
      rate: phase.rate,
      shape: phase.shape,
      fromS: secondsOf(phases.slice(0, i)),
      seconds: phase.seconds,
      judged: phase.judged,
      refusedP99Ms: figureOf(summary.metrics[ofPhase(METRICS.refused, phase)]?.values, 'p(99)'),
      ...figures(summary, `{phase:${phase.name}}`),
    })),
    parts: Array.from({ length: slots.count }, (_, slot) => ({
      fromS: (slot * slots.ms) / 1000,
      seconds: slots.ms / 1000,
      ...figures(summary, `{slot:${slot}}`),
    })),
    tiers: Object.fromEntries(
      TIERS.map((tier) => [tier, summary.metrics[`${METRICS.tier}{tier:${tier}}`]?.values.count ?? 0]),
    ),
    lateP99Ms: figureOf(late, 'p(99)'),
  };
}

function figures({ metrics }: K6Summary, part: string): Figures {
  const accepted = metrics[METRICS.accepted + part]?.values;
  // A rate of k6: `passes` were true.
  const errors = metrics[METRICS.errors + part]?.values;
  const failed = errors?.passes ?? 0;
  return {
    requests: failed + (errors?.fails ?? 0),
    accepted: accepted?.count ?? 0,
    shed: metrics[METRICS.shed + part]?.values.passes ?? 0,
    failed,
    degraded: metrics[METRICS.degraded + part]?.values.passes ?? 0,
    p50Ms: figureOf(accepted, 'p(50)'),
    p95Ms: figureOf(accepted, 'p(95)'),
    p99Ms: figureOf(accepted, 'p(99)'),
    p999Ms: figureOf(accepted, 'p(99.9)'),
    maxMs: figureOf(accepted, 'max'),
  };
}

/** Of no samples k6 says 0, which would look like a figure. */
function figureOf(values: Readonly<Record<string, number>> | undefined, stat: string): number | null {
  return values === undefined || !(values.count! > 0) ? null : (values[stat] ?? null);
}

function judged({ metrics }: K6Summary, { metric, expression, what, unit }: Promised): PromiseResult {
  const found = metrics[metric];
  const stat = /^[a-z]+(?:\([\d.]+\))?/.exec(expression)![0];
  return {
    what,
    unit,
    measured: found?.values[stat] ?? null,
    kept: found?.thresholds?.[expression]?.ok ?? false,
  };
}
