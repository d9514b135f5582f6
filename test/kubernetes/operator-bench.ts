import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExperimentStatus } from '@shortlist/core/contracts/experiment-resource.ts';
import { ExperimentsDouble } from '../../packages/controller/test/experiments-double.ts';
import { until } from '../../packages/controller/test/until.ts';
import { startControlPlane, type ControlPlane } from './control-plane/control-plane.ts';
import { ControllerProcess } from '../../packages/controller/test/controller-process.ts';

export const NAMESPACE = 'shortlist';
export const EXPERIMENTS = `/apis/shortlist.dev/v1alpha1/namespaces/${NAMESPACE}/experiments`;
const CRDS = join(import.meta.dirname, '../../deploy/base/crds');
const KINDS = ['experiments', 'modelreleases'] as const;

export interface ExperimentObject {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly generation: number;
    readonly resourceVersion: string;
    readonly deletionTimestamp?: string;
  };
  readonly spec: Record<string, unknown>;
  readonly status?: ExperimentStatus;
}

/** As `kubectl apply` sends it. */
export const experimentOf = (name: string, treatment = 0.1) => ({
  apiVersion: 'shortlist.dev/v1alpha1',
  kind: 'Experiment',
  metadata: { name, namespace: NAMESPACE },
  spec: {
    layer: 'default',
    variants: [
      { name: 'control', weight: Number((1 - treatment).toFixed(6)) },
      { name: 'treatment', weight: treatment, parameters: { diversity: { lambda: 0.6 } } },
    ],
    metrics: { success: ['revenue-per-user'], guardrails: [{ metric: 'click-through-rate', margin: 0 }] },
  },
});

/** A real API server with the CRDs, controllers of ours as processes, and an experiments service that counts. */
export class OperatorBench {
  readonly plane: ControlPlane;
  readonly service: ExperimentsDouble;
  readonly #controllers: ControllerProcess[] = [];

  private constructor(plane: ControlPlane, service: ExperimentsDouble) {
    this.plane = plane;
    this.service = service;
  }

  static async start(): Promise<OperatorBench> {
    const plane = await startControlPlane({ without: ['kube-controller-manager', 'kube-scheduler', 'kwok'] });
    const bench = new OperatorBench(plane, await ExperimentsDouble.start());
    await installCrds(plane);
    return bench;
  }

  /** With times that suit a test; a replica of its own lease where `variables` says so. */
  async controller(
    variables: Readonly<Record<string, string>> = {},
    flags: readonly string[] = [],
  ): Promise<ControllerProcess> {
    const controller = await ControllerProcess.start(
      {
        SHORTLIST_CONTROLLER_KUBECONFIG: this.plane.kubeconfig,
        SHORTLIST_CONTROLLER_EXPERIMENTS_URL: this.service.url,
        SHORTLIST_CONTROLLER_EXPERIMENTS_POLL_EVERY_MS: '500',
        SHORTLIST_CONTROLLER_RETRY_MAX_MS: '2000',
        ...variables,
      },
      flags,
    );
    this.#controllers.push(controller);
    return controller;
  }

  async apply(object: object): Promise<void> {
    await this.plane.kubectl(['apply', '-f', '-'], JSON.stringify(object));
  }

  create(object: object): Promise<ExperimentObject> {
    return this.plane.request('POST', EXPERIMENTS, object);
  }

  get(name: string): Promise<ExperimentObject> {
    return this.plane.request('GET', `${EXPERIMENTS}/${name}`);
  }

  async all(): Promise<readonly ExperimentObject[]> {
    return (await this.plane.request<{ items: ExperimentObject[] }>('GET', EXPERIMENTS)).items;
  }

  async events(name: string): Promise<readonly { reason: string; type: string; note: string }[]> {
    const path = `/apis/events.k8s.io/v1/namespaces/${NAMESPACE}/events?fieldSelector=regarding.name%3D${name}`;
    return (await this.plane.request<{ items: { reason: string; type: string; note: string }[] }>('GET', path)).items;
  }

  /** What the service did to the experiment of this name, in order. */
  historyOf(name: string): readonly string[] {
    return this.service.history.filter((line) => line.split(' ')[1] === name).map((line) => line.split(' ')[0]!);
  }

  untilState(names: readonly string[], state: string, withinMs = 120_000): Promise<void> {
    return until(
      `${names.length} are ${state}`,
      async () => {
        const states = new Map((await this.all()).map(({ metadata, status }) => [metadata.name, status?.state]));
        return names.every((name) => states.get(name) === state);
      },
      withinMs,
    );
  }

  untilGone(names: readonly string[], withinMs = 120_000): Promise<void> {
    return until(
      'they are gone',
      async () => (await this.all()).every(({ metadata: { name } }) => !names.includes(name)),
      withinMs,
    );
  }

  /** Between tests: no controller, no resource, a service that forgot. */
  async clear(): Promise<void> {
    await Promise.all(this.#controllers.splice(0).map((one) => one.stop()));
    for (const { metadata } of await this.all()) {
      const path = `${EXPERIMENTS}/${metadata.name}`;
      await this.plane.request('PATCH', path, { metadata: { finalizers: null } }, 'merge').catch(() => undefined);
      await this.plane.request('DELETE', path).catch(() => undefined);
    }
    this.service.fault = () => null;
    this.service.experiments.clear();
    this.service.history.length = 0;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#controllers.splice(0).map((one) => one.stop()));
    await this.service.stop();
    await this.plane.stop();
  }
}

/** The namespace, and our CRDs, served. */
export async function installCrds(plane: ControlPlane): Promise<void> {
  await plane.request('POST', '/api/v1/namespaces', { metadata: { name: NAMESPACE } });
  for (const kind of KINDS) {
    const file = join(CRDS, `${kind}.shortlist.dev.yaml`);
    await plane.kubectl(['apply', '--server-side', '-f', '-'], readFileSync(file, 'utf8'));
    await plane.kubectl(['wait', '--for=condition=Established', `crd/${kind}.shortlist.dev`, '--timeout=60s']);
  }
}
