import { pino } from 'pino';
import { experimentKind, type ExperimentKindOptions } from '@shortlist/controller/experiment/experiment-kind.ts';
import { ExperimentReconciler, type Experiment } from '@shortlist/controller/experiment/experiment-reconciler.ts';
import { ExperimentsService } from '@shortlist/controller/experiment/experiments-service.ts';
import { createEventRecorder } from '@shortlist/controller/runtime/event-recorder.ts';
import { fenceOf } from '@shortlist/controller/runtime/fence.ts';
import { createKubeApi } from '@shortlist/controller/runtime/https-kube-api.ts';
import type { RunnerObserver } from '@shortlist/controller/runtime/kind-runner.ts';
import { Operator } from '@shortlist/controller/runtime/operator.ts';
import type { ExperimentsDouble } from '../experiments-double.ts';
import type { KubeDouble } from '../kube-double.ts';

export const NAMESPACE = 'shop';
export const EXPERIMENTS_PATH = '/apis/shortlist.dev/v1alpha1/namespaces/shop/experiments';
export const EVENTS_PATH = '/apis/events.k8s.io/v1/namespaces/shop/events';

/** As a person applies it. */
export const specOf = (treatment = 0.1) => ({
  layer: 'default',
  variants: [
    { name: 'control', weight: 1 - treatment },
    { name: 'treatment', weight: treatment, parameters: { diversity: { lambda: 0.6 } } },
  ],
  metrics: { success: ['revenue-per-user'], guardrails: [{ metric: 'click-through-rate', margin: 0 }] },
});

const silent = pino({ level: 'silent' });

/** One reconciler without a runtime: each call of `reconcile` sees the resource as it is stored. */
export function reconcilerBench(kube: KubeDouble, service: ExperimentsDouble) {
  const stop = new AbortController();
  const fence = fenceOf(stop.signal);
  const open = createKubeApi({ config: kube.config, timeoutMs: 5_000, userAgent: 'test' });
  const api = open.within(fence);
  const about = { apiVersion: 'shortlist.dev/v1alpha1', kind: 'Experiment' };
  const events = createEventRecorder({
    ...{ api, namespace: NAMESPACE, about, identity: 'tester', log: silent, now: Date.now },
  });
  const enqueued: string[] = [];
  const term = {
    fence,
    api,
    events,
    namespace: NAMESPACE,
    log: silent,
    enqueue: (name: string) => enqueued.push(name),
  };
  const reconciler = new ExperimentReconciler({
    term,
    service: new ExperimentsService({ url: service.url, token: '', fence }),
    ...{ pollEveryMs: 20, resultsEveryMs: 60_000, refusedAgainMs: 30_000 },
    ...{ now: Date.now, nowMs: () => performance.now(), chance: () => 0 },
  });
  return {
    reconciler,
    enqueued,
    reconcile: (name: string) => {
      const found = kube.find(EXPERIMENTS_PATH, name);
      return found === undefined ? Promise.resolve({}) : reconciler.reconcile(found as unknown as Experiment);
    },
    close: () => {
      stop.abort();
      open.close();
    },
  };
}

/** The whole operator for experiments, with short times. */
export function operatorBench(
  kube: KubeDouble,
  service: ExperimentsDouble,
  options: Partial<ExperimentKindOptions> & { identity?: string; workers?: number } = {},
) {
  const counts = { ok: 0, failed: 0, conflicts: 0, restarts: [] as string[] };
  const observer: RunnerObserver = {
    reconciled: (_kind, result) => void counts[result]++,
    conflicted: () => void counts.conflicts++,
    watchRestarted: (_resource, reason) => void counts.restarts.push(reason),
  };
  const { identity = 'replica', workers = 4, ...rest } = options;
  const api = createKubeApi({ config: kube.config, timeoutMs: 2_000, userAgent: 'test' });
  const kind = experimentKind({
    ...{ url: service.url, token: '', pollEveryMs: 50, resultsEveryMs: 60_000, refusedAgainMs: 100 },
    ...{ now: Date.now, nowMs: () => performance.now(), chance: () => 0 },
    ...rest,
  });
  const operator = new Operator({
    ...{ api, namespace: NAMESPACE, identity, log: silent, observer, workers },
    kinds: [kind],
    // Long: a machine that is busy with something else must not make it change hands.
    lease: { leaseName: 'the-lease', durationMs: 30_000, renewEveryMs: 500 },
    relistEveryMs: 600_000,
    backoff: { baseMs: 5, maxMs: 100 },
    watchBackoff: { baseMs: 5, maxMs: 100 },
    ...{ nowMs: () => performance.now(), now: Date.now, chance: Math.random },
  });
  operator.start();
  return {
    operator,
    counts,
    async stop() {
      await operator.stop();
      api.close();
    },
  };
}
