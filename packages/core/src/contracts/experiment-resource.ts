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

/** What the controller writes back of an experiment; the experiments service is where it comes from. */
export const ExperimentStatusSchema = Type.Object(
  {
    observedGeneration: Type.Optional(Type.Integer({ minimum: 0, description: 'Of the spec that was applied last.' })),
    state: Type.Optional(StateSchema),
    version: Type.Optional(Type.Integer({ minimum: 0, description: 'Configuration version.' })),
    phase: Type.Optional(Type.Integer({ minimum: 0, description: 'Configuration version that its analysis began with.' })),
    resourceVersion: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Of the document in the experiments service.' }),
    ),
    startedAt: Type.Optional(ResourceTime('When it first ran.')),
    versionStartedAt: Type.Optional(ResourceTime('Since when this version runs.')),
    endedAt: Type.Optional(ResourceTime('When it ended.')),
    promoted: Type.Optional(Type.String({ maxLength: 63, description: 'The variant that everybody gets.' })),
    allocated: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'Share of the layer’s units it has.' })),
    exposed: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'Share of those that is let in now.' })),
    decision: Type.Optional(Type.String({ maxLength: 4_096, description: 'The last decision in words.' })),
    decisions: Type.Optional(
      Type.Array(ResourceDecisionSchema, { maxItems: 10, description: 'The newest, oldest first.' }),
    ),
    conditions: Type.Optional(ConditionsSchema),
  },
  closed,
);
export type ExperimentStatus = Static<typeof ExperimentStatusSchema>;

/** Spec and status of the Kubernetes resource Experiment; the spec is that of the document. */
export const EXPERIMENT_RESOURCE = { spec: ExperimentSpecSchema, status: ExperimentStatusSchema } as const;
