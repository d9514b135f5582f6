import { setTimeout as sleep } from 'node:timers/promises';
import { Type, type Static } from 'typebox';
import { parseTimestamp } from '@shortlist/core/contracts/timestamp.ts';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { json } from '@shortlist/service/http/replies.ts';
import type { ResultsReader } from '../control/results.ts';
import type { Evidence } from '../decisions/evidence.ts';
import type { Action } from '../decisions/state-machine.ts';
import { actorOf, NameParams, seenBy } from './request.ts';
import { experimentResource, ResourceSchema, tagged } from './resources.ts';
import { route, STORE_ERRORS, type Route } from './route.ts';

const Reason = Type.String({
  minLength: 3,
  maxLength: 1_000,
  description: 'Why; kept with the decision, and announced.',
});
const ReasonBody = Type.Object({ reason: Reason }, { additionalProperties: false });
const DecisionBody = Type.Object(
  {
    action: Type.Enum(['promote', 'roll_back', 'stop', 'needs_attention', 'resume']),
    variant: Type.Optional(Type.String({ maxLength: 63, description: 'Whom to promote.' })),
    reason: Reason,
  },
  { additionalProperties: false },
);
const RampBody = Type.Object(
  {
    share: Type.Number({ minimum: 0, maximum: 1, description: 'Share of the allocated units to let in.' }),
    at: Type.Optional(Type.String({ maxLength: 40, description: 'From when on, ISO 8601. Absent: now.' })),
  },
  { additionalProperties: false },
);

const MOVE_ERRORS = [
  'document_not_found',
  'field_invalid',
  'body_malformed',
  'transition_refused',
  'version_conflict',
  'layer_over_allocated',
  'experiment_parameter_conflict',
  'dates_reversed',
  'layer_unknown',
  'metric_unknown',
  ...STORE_ERRORS,
] as const;

const NUMBERS_WITHIN_MS = 2_000;

const moveRoute = (
  verb: string,
  {
    summary,
    body,
    example,
    read,
  }: {
    readonly summary: string;
    readonly body: typeof ReasonBody | typeof DecisionBody;
    readonly example: object;
    readonly read: (body: Static<typeof ReasonBody> | Static<typeof DecisionBody>) => {
      action: Action;
      variant?: string;
    };
  },
): Route =>
  route({
    ...{ method: 'POST', path: `/experiments/{name}/${verb}`, port: 'public', group: 'Experiments', summary },
    ...{ params: NameParams, body, example, answers: ResourceSchema, errors: MOVE_ERRORS },
    async handle({ params: { name }, body: given, request }, { opened, nowS }) {
      const { experiments, results } = opened();
      const evidence = await numbersSoon(results, name);
      const options = { ...read(given), reason: given.reason, evidence, ...seenBy(request) };
      const moved = await experiments.move(name, actorOf(request), options);
      return tagged(experimentResource(moved, nowS()), moved.resourceVersion);
    },
  });

/** The numbers that a person could see; a decision does not wait long for them, nor fail without. */
function numbersSoon(results: ResultsReader, name: string): Promise<Evidence | null> {
  const numbers = results.of(name).then(
    ({ evidence }) => evidence,
    () => null,
  );
  return Promise.race([numbers, sleep(NUMBERS_WITHIN_MS, null, { ref: false })]);
}

export const MOVE_ROUTES: readonly Route[] = [
  moveRoute('start', {
    summary: 'Starts a draft: its units get their variants.',
    body: ReasonBody,
    example: { reason: 'reviewed by the search team' },
    read: () => ({ action: 'start' }),
  }),
  moveRoute('stop', {
    summary: 'Ends it: everybody gets control.',
    body: ReasonBody,
    example: { reason: 'the campaign is over' },
    read: () => ({ action: 'stop' }),
  }),
  moveRoute('decisions', {
    summary: "A person's decision, over the service's.",
    body: DecisionBody,
    example: { action: 'roll_back', reason: 'complaints of customers' },
    read: (body) => {
      const { action, variant } = body as Static<typeof DecisionBody>;
      return { action, ...(variant === undefined ? {} : { variant }) };
    },
  }),
  route({
    method: 'POST',
    path: '/experiments/{name}/ramp',
    port: 'public',
    group: 'Experiments',
    summary: 'Lets in more units, as a new configuration version. Nobody who is in is put out.',
    params: NameParams,
    body: RampBody,
    example: { share: 0.5 },
    answers: Type.Object({ name: Type.String(), version: Type.Integer(), resourceVersion: Type.Integer() }),
    errors: ['ramp_invalid', ...MOVE_ERRORS],
    async handle({ params: { name }, body: { share, at }, request }, { opened }) {
      const atS = at === undefined ? undefined : parseTimestamp(at);
      if (Number.isNaN(atS)) throw new ShortlistError('field_invalid', { field: 'at', reason: `${at} is no date` });
      const { experiments } = opened();
      const options = { share, ...(atS === undefined ? {} : { atS }), ...seenBy(request) };
      const { version, resourceVersion } = await experiments.ramp(name, actorOf(request), options);
      return json(200, { name, version, resourceVersion });
    },
  }),
];
