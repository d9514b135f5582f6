import { Type } from 'typebox';
import { DOCUMENTS, type DocumentKind } from '@shortlist/core/contracts/experiment.ts';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { json } from '@shortlist/service/http/replies.ts';
import type { OpenedExperiments } from '../open-experiments.ts';
import { actorOf, documentsOf, NameParams, seenBy } from './request.ts';
import { experimentResource, resourceOf, ResourceSchema, tagged } from './resources.ts';
import { route, STORE_ERRORS, type Route } from './route.ts';

const BODY = {
  'application/yaml': { type: 'string', description: 'One or more documents.' },
  'application/json': { anyOf: Object.values(DOCUMENTS) },
};
const EXAMPLE = `apiVersion: shortlist.dev/v1alpha1
kind: Experiment
metadata: { name: more-diversity }
spec:
  layer: default
  variants:
    - { name: control, weight: 0.5 }
    - { name: diverse, weight: 0.5, parameters: { diversity: { lambda: 0.6 } } }
  metrics: { success: [click-through-rate], guardrails: [{ metric: error-rate }] }
`;

const ProblemSchema = Type.Object({
  code: Type.String(),
  field: Type.String({ description: 'Path in the document.' }),
  reason: Type.String(),
  severity: Type.Enum(['error', 'warning']),
});

const APPLY_ERRORS = [
  'document_malformed',
  'body_too_large',
  'field_invalid',
  'version_conflict',
  'document_in_use',
  'experiment_invalid',
  'weights_invalid',
  'variant_repeated',
  'parameter_invalid',
  'dates_reversed',
  'ramp_invalid',
  'layer_unknown',
  'metric_unknown',
  'layer_over_allocated',
  'experiment_parameter_conflict',
  'salt_changed',
  'running_change_refused',
  'snapshot_invalid',
  ...STORE_ERRORS,
] as const;

/** Path of each kind. */
const COLLECTIONS: Readonly<Record<DocumentKind, string>> = {
  Experiment: 'experiments',
  Layer: 'layers',
  Metric: 'metrics',
};

async function listOf(
  kind: DocumentKind,
  { store, builtInMetrics }: OpenedExperiments,
  nowS: number,
): Promise<{ name: string; resourceVersion: number; resource: object; state?: string; layer?: string }[]> {
  if (kind === 'Experiment') {
    return (await store.experiments()).map((one) => ({
      ...{ name: one.name, resourceVersion: one.resourceVersion, resource: experimentResource(one, nowS) },
      ...{ state: one.state, layer: one.current.spec.layer },
    }));
  }
  const own = kind === 'Layer' ? await store.layers() : await store.metrics();
  const builtIn =
    kind === 'Layer' ? [] : [...builtInMetrics].map(([name, spec]) => ({ name, spec, resourceVersion: 0 }));
  return [...own, ...builtIn].map((one) => ({ ...one, resource: resourceOf(kind, one) }));
}

function routesOf(kind: DocumentKind): Route[] {
  const path = `/${COLLECTIONS[kind]}`;
  const group = `${kind}s`;
  const shared = { port: 'public', group } as const;
  const filter =
    kind === 'Experiment' ? { state: Type.Optional(Type.String()), layer: Type.Optional(Type.String()) } : {};
  return [
    route({
      ...{ ...shared, method: 'GET', path, summary: `All ${COLLECTIONS[kind]}, by name.` },
      query: Type.Object(filter),
      answers: Type.Object({ items: Type.Array(ResourceSchema) }),
      errors: STORE_ERRORS,
      async handle({ query }, { opened, nowS }) {
        const { state, layer } = query as { state?: string; layer?: string };
        const all = await listOf(kind, opened(), nowS());
        const wanted = all.filter(
          (one) => (state === undefined || one.state === state) && (layer === undefined || one.layer === layer),
        );
        return json(200, { items: wanted.map(({ resource }) => resource) });
      },
    }),
    route({
      ...{ ...shared, method: 'GET', path: `${path}/{name}`, summary: `One ${kind}, with its version as ETag.` },
      params: NameParams,
      answers: ResourceSchema,
      errors: ['document_not_found', ...STORE_ERRORS],
      async handle({ params: { name } }, { opened, nowS }) {
        const found = (await listOf(kind, opened(), nowS())).find((one) => one.name === name);
        if (found === undefined) throw new ShortlistError('document_not_found', { kind, name });
        return tagged(found.resource, found.resourceVersion);
      },
    }),
    route({
      ...{ ...shared, method: 'PUT', path: `${path}/{name}`, summary: `Creates or replaces one ${kind}.` },
      params: NameParams,
      rawBody: BODY,
      answers: ResourceSchema,
      errors: APPLY_ERRORS,
      async handle({ params: { name }, request }, { opened, nowS }) {
        const [document, ...more] = documentsOf(request);
        if (document?.kind !== kind || document.metadata.name !== name || more.length > 0) {
          const reason = `the body must be the one ${kind} ${name}`;
          throw new ShortlistError('field_invalid', { field: 'metadata.name', reason });
        }
        const metadata = { ...document.metadata, ...seenBy(request) };
        await opened().experiments.apply([{ ...document, metadata }], actorOf(request));
        const written = (await listOf(kind, opened(), nowS())).find((one) => one.name === name)!;
        return tagged(written.resource, written.resourceVersion);
      },
    }),
    route({
      ...{ ...shared, method: 'DELETE', path: `${path}/{name}` },
      summary:
        kind === 'Experiment' ? 'Deletes a draft; what has run is kept.' : `Deletes a ${kind} that nothing names.`,
      params: NameParams,
      answers: Type.Object({ deleted: Type.String() }),
      errors: ['document_not_found', 'document_in_use', 'version_conflict', ...STORE_ERRORS],
      async handle({ params: { name }, request }, { opened }) {
        await opened().experiments.remove(kind, name, actorOf(request), seenBy(request));
        return json(200, { deleted: name });
      },
    }),
  ];
}

export const DOCUMENT_ROUTES: readonly Route[] = [
  route({
    method: 'POST',
    path: '/documents',
    port: 'public',
    group: 'Documents',
    summary: 'Applies experiments, layers and metrics: all of them, or (when one is wrong) none.',
    rawBody: BODY,
    example: EXAMPLE,
    answers: Type.Object({
      results: Type.Array(
        Type.Object({
          kind: Type.String(),
          name: Type.String(),
          outcome: Type.Enum(['created', 'updated', 'unchanged']),
          resourceVersion: Type.Integer(),
          version: Type.Union([Type.Integer(), Type.Null()], {
            description: 'Configuration version of an experiment.',
          }),
          warnings: Type.Array(ProblemSchema),
        }),
      ),
    }),
    errors: APPLY_ERRORS,
    async handle({ request }, { opened }) {
      return json(200, { results: await opened().experiments.apply(documentsOf(request), actorOf(request)) });
    },
  }),
  route({
    method: 'POST',
    path: '/documents/validate',
    port: 'public',
    group: 'Documents',
    summary: 'Everything that is wrong with documents, each with code, path and reason. Changes nothing.',
    rawBody: BODY,
    example: EXAMPLE,
    answers: Type.Object({
      valid: Type.Boolean({ description: 'No errors; there may be warnings.' }),
      documents: Type.Array(
        Type.Object({ kind: Type.String(), name: Type.String(), problems: Type.Array(ProblemSchema) }),
      ),
    }),
    errors: ['document_malformed', 'body_too_large', 'field_invalid', ...STORE_ERRORS],
    async handle({ request }, { opened }) {
      const documents = await opened().experiments.validate(documentsOf(request), actorOf(request));
      const valid = documents.every(({ problems }) => problems.every(({ severity }) => severity === 'warning'));
      return json(200, { valid, documents });
    },
  }),
  ...(Object.keys(COLLECTIONS) as DocumentKind[]).flatMap(routesOf),
];
