import type { ControlledKind } from '../runtime/reconciler.ts';
import { ExperimentReconciler, type Experiment, type ReconcilerOptions } from './experiment-reconciler.ts';
import { EXPERIMENTS } from './experiment-resource-type.ts';
import { ExperimentsService } from './experiments-service.ts';

export interface ExperimentKindOptions extends Omit<ReconcilerOptions, 'term' | 'service'> {
  readonly url: string;
  readonly token: string;
}

/** Experiments, by the experiments service at `url`. */
export const experimentKind = ({ url, token, ...options }: ExperimentKindOptions): ControlledKind<Experiment> => ({
  name: 'experiment',
  resource: EXPERIMENTS,
  begin: (term) =>
    new ExperimentReconciler({
      ...options,
      term,
      service: new ExperimentsService({ url, token, fence: term.fence }),
    }),
});
