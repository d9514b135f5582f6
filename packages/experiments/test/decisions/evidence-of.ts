import type { ExperimentSpec } from '@shortlist/core/contracts/experiment.ts';
import type { Comparison, Evidence, MetricEvidence } from '@shortlist/experiments/decisions/evidence.ts';

export const STARTED_S = 1_800_000_000;
export const DAY_S = 86_400;

/** A treatment that is 10 % better for sure in what should grow, and no worse in what must not. */
export const comparison = (changes: Partial<Comparison> = {}): Comparison => ({
  ...{ variant: 'diverse', units: 20_000, mean: 1.1, lift: 0.1, difference: 0.1 },
  ...{ fixed: { low: 0.05, high: 0.15 }, always: { low: 0.01, high: 0.19 } },
  ...{ pValue: 1e-6, nonInferiorityP: null, varianceReduction: null, information: 1, ...changes },
});

export const success = (changes: Partial<MetricEvidence> = {}): MetricEvidence => ({
  ...{ metric: 'click-through-rate', role: 'success', better: 'higher', margin: null },
  ...{ control: { units: 20_000, mean: 1 }, requiredUnits: 15_000, comparisons: [comparison()], ...changes },
});

export const guardrail = (changes: Partial<Comparison> = {}, metric: Partial<MetricEvidence> = {}): MetricEvidence => ({
  ...{ metric: 'error-rate', role: 'guardrail', better: 'lower', margin: 0.02 },
  ...{ control: { units: 20_000, mean: 0.01 }, requiredUnits: null },
  comparisons: [
    comparison({
      ...{ lift: 0, fixed: { low: -0.01, high: 0.01 }, always: { low: -0.05, high: 0.05 } },
      ...{ pValue: 0.9, nonInferiorityP: 0.001, ...changes },
    }),
  ],
  ...metric,
});

/** After ten days, with everything there that a promotion needs. */
export const evidence = (changes: Partial<Evidence> = {}): Evidence => ({
  ...{ experiment: 'more-diversity', version: 1, startedAtS: STARTED_S },
  ...{ computedAtS: STARTED_S + 10 * DAY_S, dataUntilS: STARTED_S + 10 * DAY_S },
  arms: ['control', 'diverse'].map((variant) => ({ variant, weight: 0.5, units: 20_000, fallbackUnits: 0 })),
  sampleRatio: { chiSquaredP: 0.5, sequentialP: 0.8 },
  metrics: [success(), guardrail()],
  interleaving: null,
  notes: [],
  ...changes,
});

export const withPlan = (spec: ExperimentSpec, plan: Partial<ExperimentSpec['analysis']>): ExperimentSpec => ({
  ...spec,
  analysis: { ...spec.analysis, ...plan },
});
