import { Type, type Static, type TSchema } from 'typebox';
import { EVENT_TYPES, type EventType } from './events.ts';

const closed = { additionalProperties: false } as const;
/** Names of documents: what a Kubernetes resource may be called. */
const Name = (description: string) =>
  Type.String({ minLength: 1, maxLength: 63, pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$', description });
const Time = (description: string) =>
  Type.String({
    maxLength: 40,
    pattern: '^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,9})?)?(Z|[+-]\\d{2}:\\d{2}))?$',
    description: `${description} ISO 8601 with its offset, or a date (UTC).`,
  });
/** Part of what is hashed, one line of it. */
const Salt = (description: string) => Type.String({ minLength: 1, maxLength: 128, pattern: '^[^\\n]+$', description });
const Share = (description: string, options: { default?: number; minimum?: number } = {}) =>
  Type.Number({ minimum: 0, maximum: 1, description, ...options });

/** What an experiment is randomised by. See docs/experiments for a session that becomes a user. */
export const UNITS = ['user', 'session'] as const;
export type UnitKind = (typeof UNITS)[number];

/** A condition on the request; all of an experiment's must hold. Unknown attributes hold for nobody. */
export const TargetSchema = Type.Object(
  {
    attribute: Type.String({
      maxLength: 128,
      pattern: '^(context\\.(surface|device|category)|user\\.[A-Za-z0-9_.-]{1,64})$',
      description: 'context.surface, context.device, context.category, or user.<attribute>.',
    }),
    in: Type.Optional(Type.Array(Type.String({ maxLength: 256 }), { minItems: 1, maxItems: 100 })),
    notIn: Type.Optional(Type.Array(Type.String({ maxLength: 256 }), { minItems: 1, maxItems: 100 })),
  },
  closed,
);
export type Target = Static<typeof TargetSchema>;

export const VariantSchema = Type.Object(
  {
    name: Name('Variant name; unique in the experiment.'),
    weight: Share('Share of the exposed units. Those of all variants add up to 1.'),
    release: Type.Optional(
      Type.String({ minLength: 1, maxLength: 128, description: 'Release id; absent: the active.' }),
    ),
    parameters: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: 'Any part of the parameters (contracts/parameters.ts), laid over those of the release.',
      }),
    ),
  },
  closed,
);

export const RampStepSchema = Type.Object(
  {
    at: Time('From when on.'),
    share: Share('Share of the allocated units that are exposed. Never less than the step before.'),
  },
  closed,
);

export const GuardrailSchema = Type.Object(
  {
    metric: Name('Metric name.'),
    margin: Share('Largest relative harm that still counts as none: non-inferiority margin.', { default: 0.02 }),
  },
  closed,
);

export const AnalysisPlanSchema = Type.Object(
  {
    alpha: Type.Number({ exclusiveMinimum: 0, maximum: 0.5, default: 0.05, description: 'Two-sided error.' }),
    power: Type.Number({ minimum: 0.5, exclusiveMaximum: 1, default: 0.8 }),
    detectableEffect: Type.Number({
      exclusiveMinimum: 0,
      maximum: 10,
      default: 0.05,
      description: 'Smallest relative effect worth finding.',
    }),
    unitsMin: Type.Integer({ minimum: 1, default: 10_000, description: 'Units per variant: a floor.' }),
    daysMin: Type.Number({ minimum: 0, default: 7, description: 'No promotion before.' }),
    daysMax: Type.Number({ exclusiveMinimum: 0, default: 42, description: 'Undecided until then: needs attention.' }),
    looks: Type.Integer({
      minimum: 1,
      maximum: 30,
      default: 1,
      description: 'Planned looks: 1, or more by Lan-DeMets O’Brien-Fleming spending.',
    }),
    attributionHours: Type.Number({
      exclusiveMinimum: 0,
      maximum: 2160,
      default: 24,
      description: 'An outcome counts when it comes this long after its slate at most.',
    }),
    preperiodDays: Type.Number({ minimum: 0, maximum: 90, default: 14, description: 'CUPED covariate; 0: none.' }),
    winsorise: Type.Number({
      minimum: 0.5,
      maximum: 1,
      default: 0.999,
      description: 'Percentile, pooled over the variants, at which sums per unit are cut.',
    }),
    sampleRatioAlpha: Type.Number({ exclusiveMinimum: 0, maximum: 0.5, default: 0.001 }),
    triggered: Type.Boolean({ default: false, description: 'Analyse units whose slates differ between variants.' }),
  },
  { ...closed, default: {} },
);

/** Spec of an experiment: what the YAML document, the API and the Kubernetes resource share. */
export const ExperimentSpecSchema = Type.Object(
  {
    description: Type.Optional(Type.String({ maxLength: 2_000 })),
    owner: Type.Optional(Type.String({ maxLength: 256 })),
    type: Type.Union([Type.Literal('ab'), Type.Literal('interleaving')], { default: 'ab' }),
    layer: Name('Layer: owns the unit; experiments of one layer exclude each other.'),
    salt: Type.Optional(Salt('Absent: the name. Never changes once it has run.')),
    allocation: Share('Share of the layer’s units that belong to this experiment.', { default: 1 }),
    targeting: Type.Array(TargetSchema, { maxItems: 20, default: [] }),
    variants: Type.Array(VariantSchema, { minItems: 2, maxItems: 20, description: 'The first is control.' }),
    startsAt: Type.Optional(Time('Absent: when it is started.')),
    endsAt: Type.Optional(Time('Nobody is in it afterwards.')),
    ramp: Type.Array(RampStepSchema, { maxItems: 50, default: [], description: 'Empty: all at once.' }),
    metrics: Type.Object(
      {
        success: Type.Array(Name('Metric name.'), { minItems: 1, maxItems: 20 }),
        guardrails: Type.Array(GuardrailSchema, { maxItems: 20, default: [] }),
      },
      closed,
    ),
    analysis: AnalysisPlanSchema,
    decisions: Type.Union([Type.Literal('auto'), Type.Literal('dry_run')], {
      default: 'auto',
      description: 'dry_run stores and announces what would be decided and changes nothing.',
    }),
  },
  closed,
);
export type ExperimentSpec = Static<typeof ExperimentSpecSchema>;

export const LayerSpecSchema = Type.Object(
  {
    unit: Type.Union([Type.Literal('user'), Type.Literal('session')], { default: 'user' }),
    salt: Type.Optional(Salt('Absent: the name. Never changes while experiments of it run.')),
    holdout: Share('Share of units that no experiment of the layer ever touches.', { default: 0 }),
  },
  closed,
);
export type LayerSpec = Static<typeof LayerSpecSchema>;

const eventTypes = EVENT_TYPES.filter((type): type is EventType => type !== '');
/**
 * A quantity per unit. From outcomes (`event`): their count, their value, or whether there was one, attributed to the
 * slates of the unit; from served slates (`slate`): their number, items, or a property of them.
 */
export const QuantitySchema = Type.Union([
  Type.Object(
    {
      event: Type.Enum(eventTypes),
      of: Type.Union([Type.Literal('count'), Type.Literal('value'), Type.Literal('any')], { default: 'count' }),
      attributed: Type.Boolean({ default: true, description: 'Only outcomes that name a slate of the unit.' }),
    },
    closed,
  ),
  Type.Object(
    {
      slate: Type.Union([
        Type.Literal('count'),
        Type.Literal('items'),
        Type.Literal('errors'),
        Type.Literal('fallbacks'),
        Type.Literal('leaks'),
        Type.Literal('slow'),
      ]),
      slowerThanMs: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'For slow: the p99 target.' })),
    },
    closed,
  ),
]);
export type Quantity = Static<typeof QuantitySchema>;

/** A metric by unit: a mean of `numerator`, or a ratio of the sums when there is a denominator. */
export const MetricSpecSchema = Type.Object(
  {
    description: Type.String({ maxLength: 1_000 }),
    numerator: QuantitySchema,
    denominator: Type.Optional(QuantitySchema),
    better: Type.Union([Type.Literal('higher'), Type.Literal('lower')], { default: 'higher' }),
    winsorised: Type.Boolean({ default: false }),
  },
  closed,
);
export type MetricSpec = Static<typeof MetricSpecSchema>;

const document = <Kind extends string, Spec extends TSchema>(kind: Kind, spec: Spec) =>
  Type.Object(
    {
      apiVersion: Type.Literal('shortlist.dev/v1alpha1'),
      kind: Type.Literal(kind),
      metadata: Type.Object({
        name: Name(`Name of the ${kind}.`),
        resourceVersion: Type.Optional(
          Type.Integer({
            minimum: 0,
            description: 'As it was read: a write over a newer one is refused. 0: it is new.',
          }),
        ),
      }),
      spec,
      status: Type.Optional(Type.Unknown({ description: 'As it was read; ignored.' })),
    },
    closed,
  );

/** The documents of one YAML file, in any number and order, by their kind. */
export const DOCUMENTS = {
  Experiment: document('Experiment', ExperimentSpecSchema),
  Layer: document('Layer', LayerSpecSchema),
  Metric: document('Metric', MetricSpecSchema),
} as const;
export type DocumentKind = keyof typeof DOCUMENTS;
export type ExperimentsDocument = { [Kind in DocumentKind]: Static<(typeof DOCUMENTS)[Kind]> }[DocumentKind];
