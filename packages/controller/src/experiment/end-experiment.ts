import { isDeepStrictEqual } from 'node:util';
import { Value } from 'typebox/value';
import { ExperimentSpecSchema } from '@shortlist/core/contracts/experiment.ts';
import type { Experiment } from './experiment-reconciler.ts';
import { ACTOR, ServiceRefusal, type ExperimentsService, type ServedExperiment } from './experiments-service.ts';

export interface EndOptions {
  readonly resource: Experiment;
  /** For the service's history. */
  readonly reason: string;
  /** That often when somebody else changes it meanwhile. */
  readonly attemptsMax: number;
}

/**
 * Ends what a resource made of the service: a draft is removed, one that runs is stopped, and what has ended is kept, since
 * it is history. An experiment of the same name that is not the resource's own is left alone. Says what was done. @throws
 * as the service
 */
export async function endExperiment(
  service: ExperimentsService,
  { resource, reason, attemptsMax }: EndOptions,
): Promise<string> {
  const { name } = resource.metadata;
  for (let attempt = 1; ; attempt++) {
    const served = await service.get(name);
    if (served === null) return 'The experiments service has none of this name.';
    if (!(await isOwn(service, resource, served)))
      return 'The experiment of this name is not of this resource: it stays.';
    const { state } = served.status;
    const { resourceVersion } = served.metadata;
    try {
      if (state === 'draft') {
        await service.remove(name, resourceVersion);
        return 'The draft was removed from the experiments service.';
      }
      if (state === 'running' || state === 'needs_attention') {
        await service.stop(name, resourceVersion, reason);
        return 'The experiment was stopped: everybody gets control.';
      }
      return `The experiment had ended (${state}); its history is kept.`;
    } catch (error) {
      if (!(error instanceof ServiceRefusal) || attempt >= attemptsMax) throw error;
    }
  }
}

/**
 * Whether the service's experiment came from the resource. The status says so; where a crash kept it from being written,
 * the spec or the history does.
 */
async function isOwn(service: ExperimentsService, { metadata, status, spec }: Experiment, served: ServedExperiment) {
  if (status?.version !== undefined) return true;
  if (isDeepStrictEqual(served.spec, Value.Default(ExperimentSpecSchema, structuredClone(spec)))) return true;
  return (await service.actors(metadata.name)).includes(ACTOR);
}
