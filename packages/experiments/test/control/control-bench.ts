import { compileSnapshot } from '@shortlist/core/assignment/compile-snapshot.ts';
import type { AssignmentSnapshot } from '@shortlist/core/contracts/assignment-snapshot.ts';
import type { ExperimentsDocument } from '@shortlist/core/contracts/experiment.ts';
import { MemoryExperimentStore } from '@shortlist/core/stores/memory/experiment-store.ts';
import { Experiments } from '@shortlist/experiments/control/experiments.ts';
import { loadBuiltInMetrics } from '@shortlist/experiments/documents/metric-catalogue.ts';
import { experimentOf } from '../experiment-document.ts';

/** The control on a memory store with a clock that a test moves. */
export function controlBench(startS = 1_800_000_000) {
  const store = new MemoryExperimentStore();
  const clock = { nowS: startS };
  const published: AssignmentSnapshot[] = [];
  const experiments = new Experiments({
    ...{ store, builtInMetrics: loadBuiltInMetrics(), nowS: () => clock.nowS, codeVersion: '0.1.0 test' },
    releases: () => Promise.resolve(null),
    channels: ['webhook', 'slack', 'pagerduty'],
    onChanged(snapshot) {
      // Every snapshot must be one that a pod takes.
      compileSnapshot(snapshot);
      published.push(snapshot);
    },
  });
  return {
    store,
    clock,
    experiments,
    published,
    apply: (...documents: readonly ExperimentsDocument[]) => experiments.apply(documents, 'ann'),
    draft: (name: string, changes: object = {}) => experiments.apply([experimentOf(name, changes)], 'ann'),
    start: (name: string) => experiments.move(name, 'ann', { action: 'start', reason: 'let us see' }),
    async run(name: string, changes: object = {}) {
      await experiments.apply([experimentOf(name, changes)], 'ann');
      return experiments.move(name, 'ann', { action: 'start', reason: 'let us see' });
    },
    /** Of the newest snapshot. */
    inSnapshot: (name: string) =>
      published
        .at(-1)
        ?.layers.flatMap((layer) => layer.experiments)
        .find((one) => one.name === name),
  };
}
