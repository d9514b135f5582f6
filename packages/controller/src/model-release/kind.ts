import { EXPERIMENTS } from '../experiment/experiment-resource-type.ts';
import type { KubeObject } from '../runtime/kube-object.ts';
import type { ControlledKind } from '../runtime/reconciler.ts';
import { MODEL_RELEASES, type ModelRelease } from './model-release.ts';
import { DEPLOYMENTS } from './pod-template.ts';
import { ModelReleaseReconciler, type ModelReleaseOptions } from './reconciler.ts';

/** The kind ModelRelease, for the runtime. Deployments and experiments that one names have it looked at again. */
export function modelReleaseKind(options: ModelReleaseOptions): ControlledKind<ModelRelease> {
  /** By name, of this term. */
  const known = new Map<string, ModelRelease['spec']>();
  const naming =
    (field: 'deployment' | 'guardExperiment') =>
    ({ metadata }: KubeObject) =>
      [...known].flatMap(([name, spec]) => (spec[field] === metadata.name ? [name] : []));
  return {
    name: 'model-release',
    resource: MODEL_RELEASES,
    related: [
      { resource: DEPLOYMENTS, namesOf: naming('deployment') },
      { resource: EXPERIMENTS, namesOf: naming('guardExperiment') },
    ],
    begin(term) {
      known.clear();
      const reconciler = new ModelReleaseReconciler(term, options);
      return {
        reconcile(object) {
          known.set(object.metadata.name, object.spec);
          return reconciler.reconcile(object);
        },
        gone: (name) => void known.delete(name),
      };
    },
  };
}
