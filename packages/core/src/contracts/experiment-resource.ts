import { Type, type Static } from 'typebox';
import { ExperimentSpecSchema } from './experiment.ts';
import { ConditionsSchema, ResourceTime } from './resource-status.ts';

const closed = { additionalProperties: false } as const;

/** As the experiments service says it. */
const StateSchema = Type.Enum(['draft', 'running', 'needs_attention', 'promoted', 'rolled_back', 'stopped']);

export const ResourceDecisionSchema = Type.Object(
  {
    id: Type.Integer({ minimum: 0, description: 'Of the experiments service; grows.' }),
    action: Type.Enum(['look', 'roll_back', 'promote', 'needs_attention', 'stop', 'resume', 'start']),
    at: ResourceTime('When it was decided.'),
    actor: Type.Optional(Type.String({ maxLength: 256, description: 'service, or who.' })),
    variant: Type.Optional(Type.String({ maxLength: 63, description: 'Promoted, or the one that did harm.' })),
    reason: Type.String({ maxLength: 4_096, description: 'For people.' }),
    dryRun: Type.Optional(Type.Boolean({ description: 'It would have been decided, and nothing was changed.' })),
  },
  closed,
);

/** A treatment against control in one metric. Lifts are relative: 0.05 is +5 %. */
export const ResourceMetricSchema = Type.Object(
  {
    metric: Type.String({ maxLength: 63 }),
    role: Type.Enum(['success', 'guardrail']),
    variant: Type.String({ maxLength: 63 }),
    lift: Type.Optional(Type.Number({ description: 'Relative to control; absent: it cannot be had yet.' })),
    low: Type.Optional(Type.Number({ description: 'Lower end of the confidence sequence of the lift.' })),
    high: Type.Optional(
      Type.Number({ description: 'Upper end of it; both hold however often one looks. Absent: not yet.' }),
    ),
  },
  closed,
);

/** What the controller writes back of an experiment; the experiments service is where it comes from. */
export const ExperimentStatusSchema = Type.Object(
  {
    observedGeneration: Type.Optional(Type.Integer({ minimum: 0, description: 'Of the spec that was applied last.' })),
    state: Type.Optional(StateSchema),
    since: Type.Optional(ResourceTime('When the controller first saw it in this state.')),
    version: Type.Optional(Type.Integer({ minimum: 0, description: 'Configuration version.' })),
    phase: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Configuration version that its analysis began with.' }),
    ),
    resourceVersion: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Of the document in the experiments service.' }),
    ),
    startedAt: Type.Optional(ResourceTime('When it first ran.')),
    versionStartedAt: Type.Optional(ResourceTime('Since when this version runs.')),
    endedAt: Type.Optional(ResourceTime('When it ended.')),
    promoted: Type.Optional(Type.String({ maxLength: 63, description: 'The variant that everybody gets.' })),
    allocated: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1, description: 'Share of the layer’s units it has.' }),
    ),
    exposed: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'Share of those that is let in now.' })),
    decision: Type.Optional(Type.String({ maxLength: 4_096, description: 'The last decision in words.' })),
    decisions: Type.Optional(
      Type.Array(ResourceDecisionSchema, { maxItems: 10, description: 'The newest, oldest first.' }),
    ),
    units: Type.Optional(Type.Integer({ minimum: 0, description: 'Exposed units of all variants.' })),
    variants: Type.Optional(
      Type.Array(Type.Object({ name: Type.String({ maxLength: 63 }), units: Type.Integer({ minimum: 0 }) }, closed), {
        maxItems: 20,
        description: 'Exposed units by variant, control first.',
      }),
    ),
    metrics: Type.Optional(
      Type.Array(ResourceMetricSchema, { maxItems: 100, description: 'Success metrics, then guardrails.' }),
    ),
    resultsAt: Type.Optional(ResourceTime('When these numbers were computed.')),
    conditions: Type.Optional(ConditionsSchema),
  },
  closed,
);
export type ExperimentStatus = Static<typeof ExperimentStatusSchema>;

/** Spec and status of the Kubernetes resource Experiment; the spec is that of the document. */
export const EXPERIMENT_RESOURCE = { spec: ExperimentSpecSchema, status: ExperimentStatusSchema } as const;
