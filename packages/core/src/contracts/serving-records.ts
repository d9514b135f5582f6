import { Type, type Static } from 'typebox';

const closed = { additionalProperties: false } as const;
const Id = (description: string) => Type.String({ minLength: 1, maxLength: 256, description });
const TextOrNull = (description: string) => Type.Union([Type.String({ maxLength: 256 }), Type.Null()], { description });

/**
 * That a unit met an experiment: once per unit, experiment, configuration version and served variant. Written at least
 * once; the log keeps the first of each.
 */
export const ExposureSchema = Type.Object(
  {
    kind: Type.Literal('exposure'),
    experiment: Id('Experiment.'),
    version: Type.Integer({ minimum: 1, description: 'Its configuration version.' }),
    unit: Id('u:<user id> or s:<session id>.'),
    assigned: Id('Variant that the hash chose.'),
    served: Id('Variant that was served; control when the assigned one could not be.'),
    reason: TextOrNull('Why they differ.'),
    release: Id('Release that answered.'),
    phase: Type.Integer({ minimum: 0, description: 'Ramp step that held then, from 0.' }),
    timestamp: Type.Number({ description: 'Unix seconds.' }),
    request_id: Id('Request.'),
  },
  closed,
);
export type Exposure = Static<typeof ExposureSchema>;

const SlateExperimentSchema = Type.Object(
  {
    experiment: Id('Experiment.'),
    version: Type.Integer({ minimum: 1 }),
    unit: Id('u:<user id> or s:<session id>, by the kind of unit of the layer.'),
    assigned: Id('Variant.'),
    served: Id('Variant.'),
    phase: Type.Integer({ minimum: 0 }),
    differs: Type.Union([Type.Boolean(), Type.Null()], {
      description: 'Whether the other variant’s slate would have been another; null when it was not computed.',
    }),
  },
  closed,
);

/**
 * One answer to a request for a slate: what was shown, with which chance, or that nothing could be. The item at index i
 * was at position i + 1; arrays by item are parallel.
 */
export const SlateRecordSchema = Type.Object(
  {
    kind: Type.Literal('slate'),
    request_id: Id('Names the slate.'),
    user_id: TextOrNull('User.'),
    session_id: TextOrNull('Session.'),
    timestamp: Type.Number({ description: 'Unix seconds.' }),
    surface: Type.String({ maxLength: 64 }),
    device: Type.String({ maxLength: 64 }),
    category: TextOrNull('Category that was asked for.'),
    items: Type.Array(Id('Item.'), { maxItems: 1_000 }),
    propensities: Type.Array(Type.Number({ minimum: 0, maximum: 1 }), { maxItems: 1_000 }),
    /** Best source of each item. */
    sources: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 1_000 }),
    /** Interleaving: which ranker chose the item, 0 control, 1 treatment; empty otherwise. */
    teams: Type.Array(Type.Integer({ minimum: 0, maximum: 1 }), { maxItems: 1_000 }),
    release: Type.String({ maxLength: 128 }),
    tier: Type.String({ maxLength: 64 }),
    degraded: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 32 }),
    latency_ms: Type.Number({ minimum: 0 }),
    error: TextOrNull('Code of the error that was answered instead of a slate.'),
    /** Chance with which this record was kept; 1: all are. */
    sampled: Type.Number({ exclusiveMinimum: 0, maximum: 1 }),
    experiments: Type.Array(SlateExperimentSchema, { maxItems: 100 }),
  },
  closed,
);
export type SlateRecord = Static<typeof SlateRecordSchema>;

/** What pods send to the ingest service, one JSON object per line. */
export const ServingRecordSchema = Type.Union([ExposureSchema, SlateRecordSchema]);
export type ServingRecord = Static<typeof ServingRecordSchema>;
