import { stringify } from 'yaml';
import { EXPERIMENT_RESOURCE } from '../../packages/core/src/contracts/experiment-resource.ts';
import { MODEL_RELEASE_RESOURCE } from '../../packages/core/src/contracts/model-release-resource.ts';
import { RESOURCE_GROUP, RESOURCE_VERSION } from '../../packages/core/src/contracts/resource-status.ts';
import { EXPERIMENT_RULES } from './experiment-rules.ts';
import { MODEL_RELEASE_RULES } from './model-release-rules.ts';
import { PATTERNS } from './patterns.ts';
import { joined, StructuralSchemas, type Rules } from './structural-schema.ts';

interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  /** 1: only with `-o wide`. */
  readonly priority?: number;
}

interface CustomResource {
  readonly kind: string;
  readonly singular: string;
  readonly plural: string;
  readonly shortName: string;
  readonly description: string;
  readonly schemas: { readonly spec: object; readonly status: object };
  readonly rules: Rules;
  readonly columns: readonly Column[];
}

const condition = (name: string, type = name): Column => ({
  name,
  type: 'string',
  jsonPath: `.status.conditions[?(@.type=="${type}")].status`,
  description: `Condition ${type}.`,
});
const AGE: Column = {
  ...{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Since it was created.' },
};

const RESOURCES: readonly CustomResource[] = [
  {
    ...{ kind: 'Experiment', singular: 'experiment', plural: 'experiments', shortName: 'exp' },
    description: 'An experiment of Shortlist: variants of what shoppers are shown, compared and decided.',
    schemas: EXPERIMENT_RESOURCE,
    rules: EXPERIMENT_RULES,
    columns: [
      { name: 'State', type: 'string', jsonPath: '.status.state', description: 'As the experiments service says it.' },
      { name: 'Layer', type: 'string', jsonPath: '.spec.layer', description: 'Layer of its units.' },
      { name: 'Exposed', type: 'number', jsonPath: '.status.exposed', description: 'Share of its units let in now.' },
      { name: 'Units', type: 'integer', jsonPath: '.status.units', description: 'Exposed units of all variants.' },
      { name: 'Promoted', type: 'string', jsonPath: '.status.promoted', description: 'Variant everybody gets.' },
      condition('Ready'),
      { name: 'Since', type: 'date', jsonPath: '.status.since', description: 'How long it is in this state.' },
      { name: 'Decision', type: 'string', jsonPath: '.status.decision', description: 'The last one.', priority: 1 },
      AGE,
    ],
  },
  {
    ...{ kind: 'ModelRelease', singular: 'modelrelease', plural: 'modelreleases', shortName: 'mr' },
    description: 'A release of Shortlist on its way to the pods: verified, loaded, tried, promoted or rolled back.',
    schemas: MODEL_RELEASE_RESOURCE,
    rules: MODEL_RELEASE_RULES,
    columns: [
      { name: 'Release', type: 'string', jsonPath: '.spec.release', description: 'Release id.' },
      { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'Where it is.' },
      { name: 'Pods', type: 'integer', jsonPath: '.status.pods.total', description: 'Pods of the deployment.' },
      { name: 'Loaded', type: 'integer', jsonPath: '.status.pods.loaded', description: 'Pods that have loaded it.' },
      { name: 'Serving', type: 'integer', jsonPath: '.status.pods.active', description: 'Pods that answer with it.' },
      condition('Verified'),
      condition('Ready'),
      { name: 'Reason', type: 'string', jsonPath: '.status.reason', description: 'Why.', priority: 1 },
      AGE,
    ],
  },
];

/** The CustomResourceDefinition of a kind, as an object. */
function definitionOf(resource: CustomResource): object {
  const { kind, singular, plural, shortName, description, schemas, rules, columns } = resource;
  const structural = new StructuralSchemas(rules, PATTERNS);
  const part = (name: 'spec' | 'status') => structural.of(schemas[name], joined('', name));
  const properties = {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: { type: 'object' },
    spec: part('spec'),
    status: part('status'),
  };
  const lost = structural.unused.filter((path) => path !== '');
  if (lost.length > 0) throw new Error(`${kind}: there is nothing at ${lost.join(', ')} any more`);
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${RESOURCE_GROUP}`,
      labels: { 'app.kubernetes.io/part-of': 'shortlist', 'app.kubernetes.io/component': 'controller' },
    },
    spec: {
      group: RESOURCE_GROUP,
      scope: 'Namespaced',
      names: { kind, singular, plural, listKind: `${kind}List`, shortNames: [shortName], categories: ['shortlist'] },
      versions: [
        {
          name: RESOURCE_VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description,
              required: ['spec'],
              properties,
              'x-kubernetes-validations': rules[''] ?? [],
            },
          },
        },
      ],
    },
  };
}

/** Conditions are merged by their type, so that several writers may each own one. */
function withMergedConditions(definition: object): object {
  return JSON.parse(JSON.stringify(definition), (key, value: unknown) =>
    key === 'conditions' && typeof value === 'object'
      ? { ...value, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] }
      : value,
  ) as object;
}

const HEADER = `# Made from the contracts in packages/core/src/contracts and the rules in deploy/crds by
# \`node deploy/crds/write-crds.ts\`; do not edit it.
`;

/** Every CustomResourceDefinition as the file that is committed in deploy/base/crds. */
export const CRD_FILES: readonly { readonly name: string; readonly text: string }[] = RESOURCES.map((resource) => ({
  name: `${resource.plural}.${RESOURCE_GROUP}.yaml`,
  text:
    HEADER + stringify(withMergedConditions(definitionOf(resource)), { aliasDuplicateObjects: false, lineWidth: 0 }),
}));
