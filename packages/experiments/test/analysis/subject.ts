import { Value } from 'typebox/value';
import { ExperimentSpecSchema, MetricSpecSchema, type MetricSpec } from '@shortlist/core/contracts/experiment.ts';
import type { AnalysisSubject } from '../../src/decisions/evidence.ts';

export const metric = (spec: object): MetricSpec =>
  Value.Default(MetricSpecSchema, { description: '', ...spec }) as MetricSpec;

export const CONVERSION = metric({ numerator: { event: 'purchase', of: 'any', attributed: false } });
export const ERRORS = metric({ numerator: { slate: 'errors' }, denominator: { slate: 'count' }, better: 'lower' });

/** Control and one treatment, conversion and a guardrail on errors. */
export function subjectOf({ weights = [0.5, 0.5], spec = {}, plan = {} } = {}): AnalysisSubject {
  return {
    experiment: 'ranker',
    unit: 'user',
    versions: [{ version: 1, startedAtS: 0 }],
    metrics: new Map([
      ['conversion', CONVERSION],
      ['errors', ERRORS],
    ]),
    spec: Value.Default(ExperimentSpecSchema, {
      layer: 'default',
      variants: weights.map((weight, i) => ({ name: i === 0 ? 'control' : `treatment-${i}`, weight })),
      metrics: { success: ['conversion'], guardrails: [{ metric: 'errors', margin: 0.1 }] },
      analysis: plan,
      ...spec,
    }) as AnalysisSubject['spec'],
  };
}
