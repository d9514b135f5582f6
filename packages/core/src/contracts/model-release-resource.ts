import { Type, type Static } from 'typebox';
import { RELEASE_ID_PATTERN } from './release-manifest.ts';
import { ConditionsSchema, ResourceTime } from './resource-status.ts';

const closed = { additionalProperties: false } as const;
const ReleaseId = (description: string) =>
  Type.String({ minLength: 1, maxLength: 32, pattern: RELEASE_ID_PATTERN, description });
const Sha256 = (description: string) =>
  Type.String({ minLength: 64, maxLength: 64, pattern: '^[0-9a-f]{64}$', description });
const Count = (description: string) => Type.Integer({ minimum: 0, description });

/** How a release comes to all pods. */
export const RolloutSchema = Type.Object(
  {
    strategy: Type.Enum(['all', 'pods', 'experiment'], {
      default: 'all',
      description:
        'all: every pod at once, by a rolling update. pods: a share of the pods first. experiment: its shoppers first, until the experiment has decided.',
    }),
    podShare: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        exclusiveMaximum: 1,
        description: 'Of strategy pods: share of the pods that serve it first; at least one, never all.',
      }),
    ),
    observeSeconds: Type.Integer({
      minimum: 0,
      maximum: 86_400,
      default: 300,
      description: 'Of strategy pods: how long those must serve it without trouble.',
    }),
    loadTimeoutSeconds: Type.Integer({
      minimum: 10,
      maximum: 86_400,
      default: 1_800,
      description: 'Longest that pods may take to load it; then it has failed.',
    }),
  },
  { ...closed, default: {} },
);

/** Spec of a ModelRelease: which release, how it comes to the pods, and what stops it. */
export const ModelReleaseSpecSchema = Type.Object(
  {
    release: ReleaseId('Release id: a folder of this name among the releases that the pods see.'),
    manifestSha256: Sha256(
      'SHA-256 of its manifest.json, which holds the digests of all other files: `sha256sum manifest.json`.',
    ),
    deployment: Type.String({
      minLength: 1,
      maxLength: 63,
      pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$',
      default: 'serving',
      description: 'Deployment of the same namespace whose pods serve it; its container has the same name.',
    }),
    rollout: RolloutSchema,
    promote: Type.Enum(['auto', 'manual'], {
      default: 'auto',
      description: 'manual: it waits, loaded and (where asked for) tried, until this says auto.',
    }),
    guardExperiment: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 63,
        pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$',
        description:
          'Experiment of the same namespace: where it is rolled back, so is the release, also after it was promoted. With strategy experiment it is the one that decides, and one of its variants names the release.',
      }),
    ),
    attempt: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: 1,
      description: 'Raise it to try again what has Failed, was RolledBack or Superseded.',
    }),
  },
  closed,
);
export type ModelReleaseSpec = Static<typeof ModelReleaseSpecSchema>;

/** Where a ModelRelease is. packages/controller/src/model-release/transitions.ts has every way between them. */
export const RELEASE_PHASES = [
  'Pending',
  'Loading',
  'Canary',
  'AwaitingPromotion',
  'Promoting',
  'Active',
  'RollingBack',
  'RolledBack',
  'Failed',
  'Superseded',
] as const;
export type ReleasePhase = (typeof RELEASE_PHASES)[number];

export const ModelReleaseStatusSchema = Type.Object(
  {
    observedGeneration: Type.Optional(Count('Of the spec that was looked at last.')),
    attempt: Type.Optional(Count('The attempt that this is the status of.')),
    phase: Type.Optional(Type.Enum([...RELEASE_PHASES])),
    phaseSince: Type.Optional(ResourceTime('When the phase began.')),
    reason: Type.Optional(Type.String({ maxLength: 4_096, description: 'Why it is in this phase, in words.' })),
    pods: Type.Optional(
      Type.Object(
        {
          total: Count('Pods of the deployment.'),
          loaded: Count('Pods that have loaded, verified and warmed it up.'),
          active: Count('Pods that answer with it.'),
        },
        closed,
      ),
    ),
    canaryPods: Type.Optional(
      Type.Array(Type.String({ maxLength: 253 }), { maxItems: 100, description: 'Pods that serve it first.' }),
    ),
    activeRelease: Type.Optional(
      Type.String({ maxLength: 128, description: "Release that the deployment's pod template names." }),
    ),
    previous: Type.Optional(
      Type.Object(
        {
          release: Type.String({ maxLength: 128 }),
          manifestSha256: Type.String({ maxLength: 64 }),
        },
        { ...closed, description: 'What the pod template named before it was promoted: a roll-back goes there.' },
      ),
    ),
    conditions: Type.Optional(ConditionsSchema),
  },
  closed,
);
export type ModelReleaseStatus = Static<typeof ModelReleaseStatusSchema>;

/** What the pod template says of the release, as annotations (for people and tools) and as the pod's environment. */
export const TEMPLATE_ANNOTATIONS = {
  release: 'shortlist.dev/release',
  manifestSha256: 'shortlist.dev/release-manifest-sha256',
} as const;
export const TEMPLATE_VARIABLES = {
  release: 'SHORTLIST_RELEASE',
  manifestSha256: 'SHORTLIST_RELEASE_MANIFEST_SHA256',
} as const;

/** Spec and status of the Kubernetes resource ModelRelease. */
export const MODEL_RELEASE_RESOURCE = { spec: ModelReleaseSpecSchema, status: ModelReleaseStatusSchema } as const;
