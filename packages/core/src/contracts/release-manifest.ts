import { Type, type Static } from 'typebox';

const closed = { additionalProperties: false } as const;
const Count = (description?: string) => Type.Integer({ minimum: 0, ...(description ? { description } : {}) });
const Seconds = (description: string) => Type.Number({ description: `${description} Unix seconds.` });

/** The format that this build writes and reads. Raised when a reader of the old one would misread the new one. */
export const RELEASE_FORMAT_VERSION = 1;

/** `r-<yyyymmddhhmm, UTC>-<first 8 hex digits of the content digest>`: sorts by time, and names what is inside. */
export const RELEASE_ID_PATTERN = '^r-[0-9]{12}-[0-9a-f]{8}$';

/** Base name or one sub-folder; never absolute, never `..`: a manifest must not reach outside its release. */
const RELEASE_PATH_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?$';

export const ReleaseFileSchema = Type.Object(
  {
    path: Type.String({ pattern: RELEASE_PATH_PATTERN, maxLength: 128 }),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    bytes: Count(),
  },
  closed,
);
export type ReleaseFile = Static<typeof ReleaseFileSchema>;

/** A little-endian array in base64: exact to the last bit, and short enough to sit in a manifest. */
export const PackedArraySchema = Type.Object(
  {
    type: Type.Union([Type.Literal('f32'), Type.Literal('i32')]),
    shape: Type.Array(Count(), { minItems: 1, maxItems: 2 }),
    data: Type.String({ maxLength: 1_000_000, description: 'Base64 of the little-endian values.' }),
  },
  closed,
);
export type PackedArray = Static<typeof PackedArraySchema>;

export const MetricSchema = Type.Object(
  {
    system: Type.String({ description: 'served, served_fp32, popular, two_tower, ...' }),
    segment: Type.Optional(Type.String({ description: 'all when absent.' })),
    metric: Type.String({ description: 'ndcg, recall, ..., overlap (of the int8 and fp32 top k).' }),
    k: Type.Integer({ minimum: 1 }),
    value: Type.Number(),
    low: Type.Number({ description: 'Lower end of the 95 % interval.' }),
    high: Type.Number({ description: 'Upper end of the 95 % interval.' }),
  },
  closed,
);
export type OfflineMetric = Static<typeof MetricSchema>;

const ScanSettingsSchema = Type.Object(
  {
    lists: Count('Lists that the items are in; 1 for flat_int8.'),
    probes: Count('Lists that a search looks through.'),
    band: Type.Number({ description: 'Share of k that is scored exactly beside the k best by codes.' }),
  },
  { description: 'How an index of codes (flat_int8, ivf) is searched.' },
);

export const ReleaseIndexSchema = Type.Object(
  {
    kind: Type.Union([Type.Literal('flat'), Type.Literal('flat_int8'), Type.Literal('hnsw'), Type.Literal('ivf')]),
    ef: Count('Candidates an hnsw search looks at; 0 for other kinds.'),
    scan: Type.Optional(ScanSettingsSchema),
    k: Type.Integer({ minimum: 1, description: 'Neighbours asked for in the measurements.' }),
    measurements: Type.Array(
      Type.Object({
        kind: Type.String(),
        recall: Type.Number({ description: 'Share of the exact top k that it finds.' }),
        medianUs: Type.Number({ description: 'Per query, one thread, on the machine that built the release.' }),
        p99Us: Type.Optional(Type.Number()),
        filteredRecall: Type.Optional(
          Type.Record(Type.String(), Type.Number(), {
            description:
              'Recall under masks that leave half, a tenth or a hundredth of the items at random, or one side of them.',
          }),
        ),
        buildS: Type.Number(),
        bytes: Type.Optional(Count('Of the index beside the vectors.')),
        rows: Type.Optional(Count('Rows that it was measured on, if not all: slower on fewer, it was not built.')),
        scan: Type.Optional(ScanSettingsSchema),
        hnsw: Type.Optional(
          Type.Object({
            m: Count('Links per node.'),
            efConstruction: Count('Candidates looked at while a node was inserted.'),
            ef: Count('Candidates looked at in a search, as measured.'),
          }),
        ),
      }),
      { description: 'On vectors of real users; empty where there were none to measure with.' },
    ),
  },
  closed,
);

/** Real inputs with the outputs that the models gave when the release was built; a pod must reproduce them. */
export const GoldenSchema = Type.Object(
  {
    vnni: Type.Boolean({ description: 'Made on a CPU with VNNI: int8 results are exact on every other such CPU.' }),
    userTower: Type.Union([
      Type.Object(
        {
          rows: PackedArraySchema,
          eventTypes: PackedArraySchema,
          agesS: PackedArraySchema,
          userVectors: PackedArraySchema,
          nearest: Type.Object(
            { k: Type.Integer({ minimum: 1 }), rows: PackedArraySchema },
            { description: 'First rows that the index returns for each user vector, best first.' },
          ),
        },
        closed,
      ),
      Type.Null(),
    ]),
    ranker: Type.Union([
      Type.Object(
        {
          userFeatures: PackedArraySchema,
          crossFeatures: PackedArraySchema,
          itemRows: PackedArraySchema,
          requestIndex: PackedArraySchema,
          logitsFp32: PackedArraySchema,
          logitsInt8: PackedArraySchema,
        },
        closed,
      ),
      Type.Null(),
    ]),
  },
  closed,
);
export type Golden = Static<typeof GoldenSchema>;

const Names = Type.Array(Type.String());

/** manifest.json: everything a pod needs to decide whether it may serve the directory beside it. */
export const ReleaseManifestSchema = Type.Object(
  {
    id: Type.String({ pattern: RELEASE_ID_PATTERN }),
    formatVersion: Type.Literal(RELEASE_FORMAT_VERSION),
    createdAt: Type.String({ description: 'ISO 8601, UTC.' }),
    dataset: Type.String({ minLength: 1 }),
    items: Type.Integer({ minimum: 1, description: 'Rows in the catalogue.' }),
    dim: Count('Width of the item and user vectors; 0 without towers.'),
    features: Type.Object(
      {
        hash: Type.String({ description: 'Of the feature list of the build that made it; another one refuses it.' }),
        item: Names,
        user: Names,
        cross: Names,
      },
      closed,
    ),
    files: Type.Array(ReleaseFileSchema, { minItems: 1, maxItems: 64 }),
    model: Type.Union([
      Type.Object(
        {
          rankerMacs: Count('Multiply-adds of the ranker per scored row.'),
          parameters: Count('Weights of the ranker.'),
        },
        closed,
      ),
      Type.Null(),
    ]),
    parameters: Type.Record(Type.String(), Type.Unknown(), {
      description: 'Laid over the defaults of ParametersSchema.',
    }),
    trainingWindow: Type.Object(
      { fromS: Seconds('First event used.'), untilS: Seconds('No event from here on.') },
      closed,
    ),
    gitCommit: Type.String(),
    index: Type.Union([ReleaseIndexSchema, Type.Null()]),
    offlineMetrics: Type.Array(MetricSchema),
    golden: GoldenSchema,
    notes: Type.Array(
      Type.Object({ absent: Type.String({ description: 'Source or model.' }), reason: Type.String() }, closed),
      { description: 'What this release does not have, and why.' },
    ),
  },
  closed,
);
export type ReleaseManifest = Static<typeof ReleaseManifestSchema>;
