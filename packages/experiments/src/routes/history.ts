import { Type } from 'typebox';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { LogEntry, StoredExperiment } from '@shortlist/core/stores/experiment-store.ts';
import { json } from '@shortlist/service/http/replies.ts';
import type { OpenedExperiments } from '../open-experiments.ts';
import { NameParams } from './request.ts';
import { isoOf } from './resources.ts';
import { route, STORE_ERRORS, type Route } from './route.ts';

const ENTRIES_MAX = 1_000;

const PageQuery = Type.Object({
  after: Type.Integer({ minimum: 0, default: 0, description: 'Only entries with larger ids.' }),
  max: Type.Integer({ minimum: 1, maximum: ENTRIES_MAX, default: 100 }),
});
const ENTRY = {
  id: Type.Integer(),
  at: Type.String(),
  actor: Type.String(),
  action: Type.String(),
  kind: Type.String(),
  name: Type.String(),
  version: Type.Union([Type.Integer(), Type.Null()]),
  message: Type.String(),
};
const EntrySchema = Type.Object(ENTRY);
const Numbers = Type.Unsafe<unknown>({ description: 'See `GET /experiments/{name}/results`.' });

const entryOf = ({ id, atS, actor, action, kind, name, version, message }: LogEntry) => ({
  ...{ id, at: isoOf(atS), actor, action, kind, name, version, message },
});

/** @throws `document_not_found` */
async function known({ store }: OpenedExperiments, name: string): Promise<StoredExperiment> {
  const found = await store.experiment(name);
  if (found === undefined) throw new ShortlistError('document_not_found', { kind: 'Experiment', name });
  return found;
}

export const HISTORY_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/experiments/{name}/results',
    port: 'public',
    group: 'Experiments',
    summary: 'The numbers: units, metrics with intervals, sample ratio, and how far it is on its way.',
    params: NameParams,
    answers: Type.Object({
      experiment: Type.String(),
      state: Type.String(),
      version: Type.Integer(),
      evidence: Type.Object({}, { additionalProperties: true }),
      progress: Type.Object({}, { additionalProperties: true }),
      details: Type.Object(
        {},
        {
          additionalProperties: true,
          description:
            'Everything else that the analysis knows: standard errors, degrees of freedom, power and required units, ramp steps, what was left out and why a number is missing. Null: not finite.',
        },
      ),
      outlook: Type.Union([
        Type.Object({
          action: Type.String(),
          variant: Type.Union([Type.String(), Type.Null()]),
          reason: Type.String(),
        }),
        Type.Null(),
      ]),
    }),
    errors: ['document_not_found', 'results_unavailable', ...STORE_ERRORS],
    handle: async ({ params: { name } }, { opened }) => json(200, await opened().results.of(name)),
  }),
  route({
    method: 'GET',
    path: '/experiments/{name}/timeline',
    port: 'public',
    group: 'Experiments',
    summary: 'What happened to it, oldest first.',
    params: NameParams,
    query: PageQuery,
    answers: Type.Object({ entries: Type.Array(EntrySchema) }),
    errors: ['field_invalid', ...STORE_ERRORS],
    async handle({ params: { name }, query: { after, max } }, { opened }) {
      const entries = await opened().store.log({ kind: 'Experiment', name }, { afterId: after, max });
      return json(200, { entries: entries.map(entryOf) });
    },
  }),
  route({
    method: 'GET',
    path: '/experiments/{name}/decisions',
    port: 'public',
    group: 'Experiments',
    summary: 'Every decision with the numbers it rests on.',
    params: NameParams,
    answers: Type.Object({
      decisions: Type.Array(Type.Object({ evidence: Numbers }, { additionalProperties: true })),
    }),
    errors: ['document_not_found', ...STORE_ERRORS],
    async handle({ params: { name } }, { opened }) {
      await known(opened(), name);
      const decisions = await opened().store.decisions(name);
      return json(200, {
        decisions: decisions.map(({ decidedAtS, ...decision }) => ({ ...decision, decidedAt: isoOf(decidedAtS) })),
      });
    },
  }),
  route({
    method: 'GET',
    path: '/experiments/{name}/versions',
    port: 'public',
    group: 'Experiments',
    summary: 'Every configuration that ever held; those of one phase are analysed together.',
    params: NameParams,
    answers: Type.Object({ versions: Type.Array(Type.Object({}, { additionalProperties: true })) }),
    errors: ['document_not_found', ...STORE_ERRORS],
    async handle({ params: { name } }, { opened }) {
      await known(opened(), name);
      const versions = await opened().store.versions(name);
      return json(200, {
        versions: versions.map(({ createdAtS, startedAtS, ...version }) => ({
          ...{ ...version, createdAt: isoOf(createdAtS), startedAt: isoOf(startedAtS) },
        })),
      });
    },
  }),
  route({
    method: 'GET',
    path: '/audit',
    port: 'public',
    group: 'Documents',
    summary: 'Who changed which document from what to what, oldest first.',
    query: PageQuery,
    answers: Type.Object({
      entries: Type.Array(Type.Object({ ...ENTRY, before: Type.Unknown(), after: Type.Unknown() })),
    }),
    errors: ['field_invalid', ...STORE_ERRORS],
    async handle({ query: { after, max } }, { opened }) {
      const entries = await opened().store.log({ changes: true }, { afterId: after, max });
      return json(200, { entries: entries.map((one) => ({ ...entryOf(one), before: one.before, after: one.after })) });
    },
  }),
  route({
    method: 'GET',
    path: '/snapshot',
    port: 'public',
    group: 'Operation',
    summary: 'The assignment snapshot that holds now, as pods get it.',
    answers: Type.Object({ version: Type.Integer(), digest: Type.String() }, { additionalProperties: true }),
    errors: ['snapshot_none', ...STORE_ERRORS],
    async handle(_call, { opened }) {
      const snapshot = await opened().store.latestSnapshot();
      if (snapshot === undefined) throw new ShortlistError('snapshot_none');
      return json(200, snapshot);
    },
  }),
];
