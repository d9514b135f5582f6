import { isDeepStrictEqual } from 'node:util';
import { conditionOf, type ConditionedResource } from '../../objects.ts';
import { DEFINITIONS, GROUP_VERSION } from '../../names.ts';
import { listOf, type Installation, type Listed } from '../installation.ts';
import { findingsOf, type Row } from '../row.ts';

const { ok, warning, problem, unknown } = findingsOf('definitions');
const resources = findingsOf('resources');

const APPLY = { remedy: 'kubectl apply --server-side -f deploy/base/crds' } as const;

/** Are Experiment and ModelRelease known to the API server, in the version of this program? */
export function checkDefinitions({ definitions, schemas }: Installation): Row[] {
  if (definitions.state === 'unknown') return [unknown('crd', definitions.reason)];
  return DEFINITIONS.map((name) => {
    const subject = `crd/${name}`;
    const found = listOf(definitions).find(({ metadata }) => metadata.name === name);
    if (found === undefined) return problem(subject, 'is not installed', APPLY);
    const established = conditionOf(found, 'Established');
    if (established?.status !== 'True')
      return problem(
        subject,
        `is not established: ${established?.message ?? conditionOf(found, 'NamesAccepted')?.message ?? 'wait'}`,
        {
          remedy: `kubectl describe crd ${name}`,
        },
      );
    const version = found.spec.versions.find((each) => each.name === GROUP_VERSION);
    if (version?.served !== true)
      return problem(
        subject,
        `does not serve ${GROUP_VERSION}, only ${found.spec.versions.map((each) => each.name).join(', ')}`,
        APPLY,
      );
    const schema = schemas.get(name);
    if (schema !== undefined && !isDeepStrictEqual(schema, version.schema?.openAPIV3Schema))
      return warning(subject, `its schema is not that of this program's ${GROUP_VERSION}`, APPLY);
    return ok(subject, `${GROUP_VERSION} is served${schema === undefined ? '' : ', with the schema of this program'}`);
  });
}

/** What a ModelRelease goes through when all is well, and where it rests afterwards. */
const SOUND_PHASES: ReadonlySet<unknown> = new Set([
  'Pending',
  'Loading',
  'Canary',
  'AwaitingPromotion',
  'Promoting',
  'Active',
  'Superseded',
]);

/** Experiments and releases that say of themselves that something is wrong. */
export function checkResources({ experiments, modelReleases }: Installation): Row[] {
  return [
    ...complaints('experiment', experiments, (resource) => conditionOf(resource, 'Ready')?.status === 'True'),
    ...complaints('modelrelease', modelReleases, ({ status }) => SOUND_PHASES.has(status?.phase)),
  ];
}

function complaints(
  kind: string,
  listed: Listed<ConditionedResource>,
  isSound: (resource: ConditionedResource) => boolean,
): Row[] {
  // The definitions' own check says that a kind is not there.
  if (listed.state === 'absent') return [];
  if (listed.state === 'unknown') return [resources.unknown(kind, listed.reason)];
  const rows = listed.value.flatMap((resource) => {
    const ready = conditionOf(resource, 'Ready');
    const subject = `${kind}/${resource.metadata.name}`;
    const remedy = `kubectl describe ${kind} ${resource.metadata.name}`;
    if (ready === undefined)
      return [
        resources.warning(subject, 'the controller has not looked at it', {
          remedy,
          page: 'kubernetes.md#the-controller-is-gone',
        }),
      ];
    return isSound(resource) ? [] : [resources.warning(subject, `${ready.reason}: ${ready.message}`, { remedy })];
  });
  return rows.length > 0 ? rows : [resources.ok(kind, `${listed.value.length} of them, none with a complaint`)];
}
