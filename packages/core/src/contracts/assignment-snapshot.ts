import { Type, type Static } from 'typebox';
import { TargetSchema } from './experiment.ts';

const closed = { additionalProperties: false } as const;
const Bucket = Type.Integer({ minimum: 0, maximum: 1_000_000 });
/** Half-open: [from, to). */
const Range = Type.Object({ from: Bucket, to: Bucket }, closed);

/** Buckets of every hash of the splitter. */
export const BUCKETS = 1_000_000;

const SnapshotVariantSchema = Type.Object(
  {
    name: Type.String(),
    buckets: Range,
    /** Null: whatever release is active. */
    release: Type.Union([Type.String(), Type.Null()]),
    parameters: Type.Record(Type.String(), Type.Unknown()),
  },
  closed,
);

const SnapshotExperimentSchema = Type.Object(
  {
    name: Type.String(),
    /** Configuration version: weights, ranges and parameters change only with it. */
    version: Type.Integer({ minimum: 1 }),
    type: Type.Union([Type.Literal('ab'), Type.Literal('interleaving')]),
    salt: Type.String(),
    /** The layer's buckets that belong to it. */
    allocation: Type.Array(Range, { minItems: 1, maxItems: 100 }),
    targeting: Type.Array(TargetSchema),
    /** Unix seconds. */
    startsAtS: Type.Number(),
    endsAtS: Type.Union([Type.Number(), Type.Null()]),
    /** By time, shares never decreasing; exposed buckets of the ramp hash are [0, exposed). Empty: all. */
    ramp: Type.Array(Type.Object({ atS: Type.Number(), exposed: Bucket }, closed)),
    /** The first is control. Buckets tile [0, 1,000,000). */
    variants: Type.Array(SnapshotVariantSchema, { minItems: 2 }),
    /** Compute what the other variant would have shown, and record whether it differs. */
    triggered: Type.Boolean(),
  },
  closed,
);

/** What the pods need to assign: published by the experiments service, read-only, whole. */
export const AssignmentSnapshotSchema = Type.Object(
  {
    /** Of the database that the versions count in: one that was made anew counts from 1 again, under another. Absent: before there were any. */
    lineage: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    /** Grows with each published change of its lineage. */
    version: Type.Integer({ minimum: 0 }),
    publishedAtS: Type.Number(),
    layers: Type.Array(
      Type.Object(
        {
          name: Type.String(),
          unit: Type.Union([Type.Literal('user'), Type.Literal('session')]),
          salt: Type.String(),
          /** Buckets of the layer's holdout hash that are in no experiment: [0, holdout). */
          holdout: Bucket,
          experiments: Type.Array(SnapshotExperimentSchema),
        },
        closed,
      ),
    ),
    /** What promotion has made the default for everybody, oldest first: laid over the release's parameters. */
    promoted: Type.Array(
      Type.Object(
        {
          experiment: Type.String(),
          variant: Type.String(),
          /** Unix seconds. A release that is activated later takes over from the promoted one. */
          promotedAtS: Type.Number(),
          release: Type.Union([Type.String(), Type.Null()]),
          parameters: Type.Record(Type.String(), Type.Unknown()),
        },
        closed,
      ),
    ),
    /** SHA-256, hex, of the canonical JSON of everything else: a snapshot cut off half-way is refused. */
    digest: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  },
  closed,
);
export type AssignmentSnapshot = Static<typeof AssignmentSnapshotSchema>;
export type SnapshotLayer = AssignmentSnapshot['layers'][number];
export type SnapshotExperiment = SnapshotLayer['experiments'][number];
export type SnapshotVariant = SnapshotExperiment['variants'][number];
