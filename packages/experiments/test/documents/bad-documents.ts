import { documentOf } from '../experiment-document.ts';

export interface BadDocument {
  readonly what: string;
  readonly changes: object;
  readonly code: string;
  readonly field: string;
  readonly reason: string;
}

const variants = (...weights: number[]) =>
  weights.map((weight, i) => ({ name: i === 0 ? 'control' : `v${i}`, weight }));
const bad = (what: string, changes: object, code: string, field: string, reason: string): BadDocument => ({
  ...{ what, changes, code, field, reason },
});

/** One wrong thing each, and what has to be said of it. */
export const BAD_DOCUMENTS: readonly BadDocument[] = [
  bad(
    'weights that add up to less than 1',
    { variants: variants(0.5, 0.4) },
    'weights_invalid',
    'spec.variants',
    'add up to 0.9, not to 1',
  ),
  bad(
    'weights that add up to more than 1',
    { variants: variants(0.5, 0.5, 0.1) },
    'weights_invalid',
    'spec.variants',
    'add up to 1.1',
  ),
  bad(
    'a weight below 0',
    { variants: variants(1.1, -0.1) },
    'field_invalid',
    'spec.variants[0].weight',
    'must be <= 1',
  ),
  bad('one variant', { variants: variants(1) }, 'field_invalid', 'spec.variants', 'fewer than 2'),
  bad(
    'an unknown parameter',
    {
      variants: [
        { name: 'control', weight: 0.5 },
        { name: 'b', weight: 0.5, parameters: { diversity: { lamda: 0.5 } } },
      ],
    },
    'parameter_invalid',
    'spec.variants[1].parameters.diversity.lamda',
    'must not have additional properties',
  ),
  bad(
    'a parameter out of bounds',
    {
      variants: [
        { name: 'control', weight: 0.5, parameters: { candidatesMax: 9_999 } },
        { name: 'b', weight: 0.5 },
      ],
    },
    'parameter_invalid',
    'spec.variants[0].parameters.candidatesMax',
    'must be <= 500',
  ),
  bad(
    'two variants of one name',
    {
      variants: [
        { name: 'a', weight: 0.5 },
        { name: 'a', weight: 0.5 },
      ],
    },
    'variant_repeated',
    'spec.variants[1].name',
    'variant 0 is called a already',
  ),
  bad(
    'dates reversed',
    { startsAt: '2026-05-02T00:00:00Z', endsAt: '2026-05-01T00:00:00Z' },
    'dates_reversed',
    'spec.endsAt',
    'ends before it begins',
  ),
  bad('a date that is none', { startsAt: '2026-02-30' }, 'dates_reversed', 'spec.startsAt', 'is no date'),
  bad('text for a date', { endsAt: 'next week' }, 'field_invalid', 'spec.endsAt', 'must match pattern'),
  bad(
    'days reversed',
    { analysis: { daysMin: 14, daysMax: 7 } },
    'dates_reversed',
    'spec.analysis.daysMax',
    'nothing could ever be promoted',
  ),
  bad(
    'a ramp that decreases',
    {
      ramp: [
        { at: '2026-05-01', share: 0.5 },
        { at: '2026-05-02', share: 0.2 },
      ],
    },
    'ramp_invalid',
    'spec.ramp[1].share',
    'never puts anybody out',
  ),
  bad(
    'a ramp out of order',
    {
      ramp: [
        { at: '2026-05-02', share: 0.1 },
        { at: '2026-05-01', share: 0.2 },
      ],
    },
    'ramp_invalid',
    'spec.ramp[1].at',
    'not after the step before',
  ),
  bad(
    'a ramp beyond the end',
    { endsAt: '2026-05-01', ramp: [{ at: '2026-05-02', share: 0.1 }] },
    'dates_reversed',
    'spec.ramp[0].at',
    'has ended by then',
  ),
  bad(
    'a metric that does not exist',
    { metrics: { success: ['happiness'] } },
    'metric_unknown',
    'spec.metrics.success[0]',
    'there is no metric happiness',
  ),
  bad(
    'a guardrail that does not exist',
    { metrics: { success: ['click-through-rate'], guardrails: [{ metric: 'gloom' }] } },
    'metric_unknown',
    'spec.metrics.guardrails[0].metric',
    'there is no metric gloom',
  ),
  bad(
    'a metric twice',
    { metrics: { success: ['click-through-rate'], guardrails: [{ metric: 'click-through-rate' }] } },
    'experiment_invalid',
    'spec.metrics.guardrails[0].metric',
    'is spec.metrics.success[0] already',
  ),
  bad(
    'a layer that does not exist',
    { layer: 'cellar' },
    'layer_unknown',
    'spec.layer',
    'there is no layer cellar; known: default',
  ),
  bad('an allocation of nobody', { allocation: 0 }, 'experiment_invalid', 'spec.allocation', 'nothing can be learnt'),
  bad('an allocation above 1', { allocation: 1.5 }, 'field_invalid', 'spec.allocation', 'must be <= 1'),
  bad(
    'a target without a condition',
    { targeting: [{ attribute: 'context.surface' }] },
    'experiment_invalid',
    'spec.targeting[0]',
    'neither in nor notIn',
  ),
  bad(
    'an unknown attribute',
    { targeting: [{ attribute: 'moon.phase', in: ['full'] }] },
    'field_invalid',
    'spec.targeting[0].attribute',
    'must match pattern',
  ),
  bad(
    'interleaving of three',
    { type: 'interleaving', variants: variants(0.4, 0.3, 0.3) },
    'experiment_invalid',
    'spec.variants',
    'compares two, not 3',
  ),
  bad('a key that nobody knows', { sample: 1 }, 'field_invalid', 'spec.sample', 'unknown; known here'),
  bad('a salt of two lines', { salt: 'a\nb' }, 'field_invalid', 'spec.salt', 'must match pattern'),
];

export const badDocument = ({ changes }: BadDocument): object => documentOf('bad', changes);
