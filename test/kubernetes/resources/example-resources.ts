type Json = Record<string, unknown>;

export interface Resource extends Json {
  readonly apiVersion: string;
  readonly kind: 'Experiment' | 'ModelRelease';
  readonly metadata: { readonly name: string };
  readonly spec: Json;
}

const API_VERSION = 'shortlist.dev/v1alpha1';
const variants = [
  { name: 'control', weight: 0.5 },
  { name: 'diverse', weight: 0.5, parameters: { diversity: { lambda: 0.5 } } },
];

/** An experiment as small as one can be; `changes` to its spec win. */
export const experiment = (changes: Json = {}, name = 'checkout'): Resource => ({
  apiVersion: API_VERSION,
  kind: 'Experiment',
  metadata: { name },
  spec: { layer: 'ranking', variants, metrics: { success: ['click-rate'] }, ...changes },
});

const RELEASE = 'r-202611210500-0a1b2c3d';
const SHA256 = 'a'.repeat(64);

/** A ModelRelease as small as one can be; `changes` to its spec win. */
export const modelRelease = (changes: Json = {}, name = 'spring'): Resource => ({
  apiVersion: API_VERSION,
  kind: 'ModelRelease',
  metadata: { name },
  spec: { release: RELEASE, manifestSha256: SHA256, ...changes },
});

export interface BadResource {
  readonly name: string;
  readonly resource: Resource;
  /** What a person reads, and the field that is named. */
  readonly says: string;
  readonly field: string;
}

const third = { name: 'third', weight: 0 };
const ramp = (...steps: readonly (readonly [string, number])[]) => ({
  ramp: steps.map(([at, share]) => ({ at, share })),
});
const bad = (name: string, resource: Resource, field: string, says: string): BadResource => ({
  name,
  resource,
  field,
  says,
});

/** Each must be refused, and say so that a person knows what to write instead. */
export const BAD_RESOURCES: readonly BadResource[] = [
  bad(
    'weights below 1',
    experiment({ variants: [variants[0], { ...variants[1], weight: 0.4 }] }),
    'spec.variants',
    'the weights of the variants must add up to 1',
  ),
  bad(
    'two variants of one name',
    experiment({
      variants: [
        { ...variants[0], name: 'b' },
        { ...variants[1], name: 'b' },
      ],
    }),
    'spec.variants',
    'two variants have the same name',
  ),
  bad(
    'control second',
    experiment({ variants: [variants[1], variants[0]] }),
    'spec.variants',
    'put the one called control first',
  ),
  bad('one variant', experiment({ variants: [{ name: 'control', weight: 1 }] }), 'spec.variants', 'at least 2 items'),
  bad(
    'interleaving of three',
    experiment({ type: 'interleaving', variants: [...variants, third] }),
    'spec.variants',
    'interleaving compares exactly two variants',
  ),
  bad(
    'a variant in capitals',
    experiment({ variants: [variants[0], { name: 'Diverse', weight: 0.5 }] }),
    'spec.variants[1].name',
    'a name has lower-case letters, digits and hyphens only',
  ),
  bad(
    'a negative weight',
    experiment({
      variants: [
        { name: 'a', weight: 1.5 },
        { name: 'b', weight: -0.5 },
      ],
    }),
    'spec.variants[1].weight',
    'should be greater than or equal to 0',
  ),
  bad(
    'an end before the beginning',
    experiment({ startsAt: '2026-12-01T08:00:00Z', endsAt: '2026-12-01T09:59+02:00' }),
    'spec.endsAt',
    'it ends before it begins: endsAt must be after startsAt',
  ),
  bad(
    'a date in words',
    experiment({ startsAt: 'tomorrow' }),
    'spec.startsAt',
    'this is no date: write 2026-11-21T08:00:00Z',
  ),
  bad('the 31st of April', experiment({ startsAt: '2027-04-31' }), 'spec.startsAt', 'this is no date'),
  bad('the 29th of February of 2027', experiment({ startsAt: '2027-02-29' }), 'spec.startsAt', 'this is no date'),
  bad(
    'steps of a ramp out of order',
    experiment(ramp(['2026-12-02', 0.1], ['2026-12-01', 0.2])),
    'spec.ramp',
    'the steps of a ramp must come one after another',
  ),
  bad(
    'two steps of a ramp at once',
    experiment(ramp(['2026-12-02', 0.1], ['2026-12-02T00:00:00Z', 0.2])),
    'spec.ramp',
    'each `at` later than the one before',
  ),
  bad(
    'a ramp that falls',
    experiment(ramp(['2026-12-01', 0.5], ['2026-12-02', 0.2])),
    'spec.ramp',
    'a ramp never puts anybody out',
  ),
  bad(
    'a ramp beyond the end',
    experiment({ endsAt: '2026-12-02', ...ramp(['2026-12-01', 0.5], ['2026-12-03', 1]) }),
    'spec.ramp',
    'a step of the ramp comes when the experiment has ended',
  ),
  bad('nobody in it', experiment({ allocation: 0 }), 'spec.allocation', 'of nobody nothing can be learnt'),
  bad('more than everybody', experiment({ allocation: 1.5 }), 'spec.allocation', 'should be less than or equal to 1'),
  bad(
    'a target without values',
    experiment({ targeting: [{ attribute: 'context.device' }] }),
    'spec.targeting[0]',
    'a target needs `in` or `notIn`, with values',
  ),
  bad(
    'an attribute that nobody knows',
    experiment({ targeting: [{ attribute: 'country', in: ['de'] }] }),
    'spec.targeting[0].attribute',
    'an attribute is context.surface, context.device, context.category or user.',
  ),
  bad('no layer', experiment({ layer: undefined }), 'spec.layer', 'Required value'),
  bad('no such type', experiment({ type: 'bandit' }), 'spec.type', 'supported values: \\"ab\\", \\"interleaving\\"'),
  bad('no success metric', experiment({ metrics: { success: [] } }), 'spec.metrics.success', 'at least 1 items'),
  bad(
    'a success metric twice',
    experiment({ metrics: { success: ['click-rate', 'click-rate'] } }),
    'spec.metrics.success',
    'a success metric is named twice',
  ),
  bad(
    'a metric as both',
    experiment({ metrics: { success: ['click-rate'], guardrails: [{ metric: 'click-rate' }] } }),
    'spec.metrics.guardrails',
    'success metric and guardrail at once',
  ),
  bad(
    'a guardrail twice',
    experiment({ metrics: { success: ['click-rate'], guardrails: [{ metric: 'errors' }, { metric: 'errors' }] } }),
    'spec.metrics.guardrails',
    'a guardrail metric is named twice',
  ),
  bad(
    'fewer days at most than at least',
    experiment({ analysis: { daysMin: 14, daysMax: 7 } }),
    'spec.analysis.daysMax',
    'nothing could ever be promoted: daysMax must be above daysMin',
  ),
  bad('a salt of two lines', experiment({ salt: 'a\nb' }), 'spec.salt', 'a salt is one line'),
  bad(
    'a name with a dot',
    experiment({}, 'check.out'),
    'Experiment',
    'the name has more than 63 characters, or others',
  ),
  bad('a release that is no id', modelRelease({ release: 'latest' }), 'spec.release', 'a release id looks like r-2026'),
  bad(
    'a digest of something else',
    modelRelease({ manifestSha256: 'A'.repeat(64) }),
    'spec.manifestSha256',
    'a SHA-256 digest is 64 hexadecimal digits in lower case',
  ),
  bad('a digest cut short', modelRelease({ manifestSha256: 'abc' }), 'spec.manifestSha256', 'at least 64 chars long'),
  bad(
    'some pods, but how many',
    modelRelease({ rollout: { strategy: 'pods' } }),
    'spec.rollout.strategy',
    'strategy pods needs podShare',
  ),
  bad(
    'a share for all pods',
    modelRelease({ rollout: { podShare: 0.5 } }),
    'spec.rollout.podShare',
    'podShare has a meaning with strategy pods only',
  ),
  bad(
    'a share that is everything',
    modelRelease({ rollout: { strategy: 'pods', podShare: 1 } }),
    'spec.rollout.podShare',
    'should be less than 1',
  ),
  bad(
    'an experiment, but which',
    modelRelease({ rollout: { strategy: 'experiment' } }),
    'spec.rollout.strategy',
    'strategy experiment needs guardExperiment',
  ),
  bad(
    'promotion as one likes',
    modelRelease({ promote: 'yes' }),
    'spec.promote',
    'supported values: \\"auto\\", \\"manual\\"',
  ),
  bad('attempt nought', modelRelease({ attempt: 0 }), 'spec.attempt', 'should be greater than or equal to 1'),
];

/** A change of `resource`, which exists, to what may not become of it. */
export const BAD_CHANGES: readonly (BadResource & { readonly before: Resource })[] = [
  {
    before: experiment({ salt: 'a' }),
    ...bad('another salt', experiment({ salt: 'b' }), 'spec.salt', 'the salt can never change'),
  },
  {
    before: experiment(),
    ...bad('a salt at last', experiment({ salt: 'b' }), 'spec.salt', 'the salt can never change'),
  },
  {
    before: experiment({ salt: 'a' }),
    ...bad('a salt no more', experiment(), 'spec.salt', 'everybody would be in another variant'),
  },
  {
    before: experiment(),
    ...bad('another layer', experiment({ layer: 'search' }), 'spec.layer', 'the layer can never change'),
  },
  {
    before: experiment(),
    ...bad('another type', experiment({ type: 'interleaving' }), 'spec.type', 'the type can never change'),
  },
  {
    before: modelRelease(),
    ...bad(
      'another release',
      modelRelease({ release: 'r-202611220500-0a1b2c3d' }),
      'spec.release',
      'a ModelRelease is of one release for good',
    ),
  },
  {
    before: modelRelease(),
    ...bad(
      'another content',
      modelRelease({ manifestSha256: 'b'.repeat(64) }),
      'spec.manifestSha256',
      'what a release holds never changes',
    ),
  },
  {
    before: modelRelease(),
    ...bad(
      'another deployment',
      modelRelease({ deployment: 'other' }),
      'spec.deployment',
      'the deployment can never change',
    ),
  },
  {
    before: modelRelease({ attempt: 2 }),
    ...bad('fewer attempts', modelRelease({ attempt: 1 }), 'spec.attempt', 'attempts are counted upwards'),
  },
];

const at = (name: string, resource: (changes: Json, name: string) => Resource, changes: Json): Resource =>
  resource(changes, name);

/** Each must be taken as it is. */
export const GOOD_RESOURCES: readonly Resource[] = [
  at('smallest', experiment, {}),
  at('salted', experiment, { salt: 'a salt, with blanks', allocation: 0.25, decisions: 'dry_run' }),
  at('dated', experiment, { startsAt: '2026-12-01', endsAt: '2026-12-31T23:59:59.5+01:00' }),
  at('leap', experiment, { startsAt: '2028-02-29T00:00Z' }),
  at('ramped', experiment, {
    endsAt: '2027-01-01T00:00Z',
    ...ramp(['2026-12-01', 0.01], ['2026-12-01T12:00Z', 0.1], ['2026-12-02T12:00:00+02:00', 0.1], ['2026-12-04', 1]),
  }),
  at('thirds', experiment, {
    variants: [
      { name: 'control', weight: 0.3333333333 },
      { name: 'b', weight: 0.3333333333, release: RELEASE },
      { name: 'c', weight: 0.3333333334, parameters: { anything: { at: ['all', 1, null] } } },
    ],
  }),
  at('interleaved', experiment, {
    type: 'interleaving',
    targeting: [
      { attribute: 'context.device', in: ['mobile'] },
      { attribute: 'user.tier', notIn: ['staff', 'test'] },
    ],
  }),
  at('guarded', experiment, {
    metrics: {
      success: ['click-rate', 'revenue'],
      guardrails: [{ metric: 'errors' }, { metric: 'slow', margin: 0.1 }],
    },
    analysis: { looks: 4, daysMin: 3, daysMax: 10, triggered: true },
  }),
  at('whole', modelRelease, {}),
  at('some-pods', modelRelease, { rollout: { strategy: 'pods', podShare: 0.1, observeSeconds: 0 }, promote: 'manual' }),
  at('by-experiment', modelRelease, { rollout: { strategy: 'experiment' }, guardExperiment: 'checkout', attempt: 3 }),
];
