import { Type, type Static } from 'typebox';

const closed = { additionalProperties: false } as const;

/** API group and version of the Kubernetes resources, which is that of the documents, too. */
export const RESOURCE_GROUP = 'shortlist.dev';
export const RESOURCE_VERSION = 'v1alpha1';

/** A time as Kubernetes writes it: RFC 3339. */
export const ResourceTime = (description: string) =>
  Type.String({ format: 'date-time', maxLength: 40, description: `${description} RFC 3339.` });

/** One thing that is, or is not, true of a resource, as Kubernetes' own resources say it (metav1.Condition). */
export const ConditionSchema = Type.Object(
  {
    type: Type.String({ minLength: 1, maxLength: 64, description: 'What is said; Ready sums up the others.' }),
    status: Type.Enum(['True', 'False', 'Unknown']),
    observedGeneration: Type.Optional(Type.Integer({ minimum: 0, description: 'Of the spec that it is said of.' })),
    lastTransitionTime: ResourceTime('When the status last changed.'),
    reason: Type.String({ minLength: 1, maxLength: 128, description: 'For programs: one word in CamelCase.' }),
    message: Type.String({ maxLength: 8_192, description: 'For people.' }),
  },
  closed,
);
export type Condition = Static<typeof ConditionSchema>;

/** One of each type. */
export const ConditionsSchema = Type.Array(ConditionSchema, { maxItems: 16 });
