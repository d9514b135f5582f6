import { EXPERIMENTS } from '../experiment/experiment-resource-type.ts';
import type { KubeObject } from '../runtime/kube-object.ts';
import type { ControlledKind } from '../runtime/reconciler.ts';
import { MODEL_RELEASES, type ModelRelease } from './model-release.ts';
import { ModelReleaseReconciler, type ModelReleaseOptions } from './reconciler.ts';

/** The kind ModelRelease, for the runtime. The experiment that one names has it looked at again. */
export function modelReleaseKind(options: ModelReleaseOptions): ControlledKind<ModelRelease> {
  /** By name, of this term. */
  const known = new Map<string, ModelRelease['spec']>();
  const guardedBy = ({ metadata }: KubeObject) =>
    [...known].flatMap(([name, { guardExperiment }]) => (guardExperiment === metadata.name ? [name] : []));
  return {
    name: 'model-release',
    resource: MODEL_RELEASES,
    // The deployment is not watched: that would need the right to list all of them. It is looked at in every turn.
    related: [{ resource: EXPERIMENTS, namesOf: guardedBy }],
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
