import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from '../control-plane/control-plane.ts';

/** What the pods of one namespace measure. What is left out has no series, as when nothing scrapes it. */
export interface Measurements {
  /** Use of every pod, by container, such as `{ serving: '710m' }`. */
  readonly cpu?: Readonly<Record<string, string>>;
  /** Metrics of no object, such as `{ ranking_p99_pressure: '87.5' }`. */
  readonly external?: Readonly<Record<string, string>>;
  /** Metrics of every pod, such as `{ shortlist_in_flight: '4' }`. */
  readonly pods?: Readonly<Record<string, string>>;
}

/** metrics-server and an adapter of custom and external metrics, in this process: the autoscaler reads what a test sets. */
export interface MetricsApi {
  /** From now on, and instead of all that was said of this namespace before. */
  set(namespace: string, measurements: Measurements): void;
  /** How often the external metrics of a namespace were asked for: each time is one look of its autoscaler. */
  looks(namespace: string): number;
  stop(): Promise<void>;
}

const GROUPS = [
  { group: 'metrics.k8s.io', version: 'v1beta1' },
  { group: 'external.metrics.k8s.io', version: 'v1beta1' },
  { group: 'custom.metrics.k8s.io', version: 'v1beta2' },
] as const;
const AVAILABLE_WITHIN_MS = 60_000;

interface Pod {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly status: { readonly phase: string };
}
interface Asked {
  readonly namespace: string;
  readonly metric: string;
  readonly labelSelector: string;
}
type Handler = (asked: Asked) => unknown;

/** Serves the three metrics APIs and registers them with the apiserver, which asks localhost for them. */
export async function startMetricsApi(plane: ControlPlane): Promise<MetricsApi> {
  const measured = new Map<string, Measurements>();
  const looks = new Map<string, number>();
  const of = (namespace: string): Measurements => measured.get(namespace) ?? {};
  const all = [...GROUPS.map(({ group, version }) => `${group}/${version}`)];
  const list = (apiVersion: string, kind: string, items: unknown): unknown => ({
    apiVersion,
    kind,
    metadata: {},
    items,
  });
  const now = (): string => new Date().toISOString();

  const runningPods = async ({ namespace, labelSelector }: Asked): Promise<readonly Pod[]> => {
    const query = `?labelSelector=${encodeURIComponent(labelSelector)}`;
    const { items } = await plane.request<{ items: readonly Pod[] }>(
      'GET',
      `/api/v1/namespaces/${namespace}/pods${query}`,
    );
    return items.filter(({ status }) => status.phase === 'Running');
  };
  const names = (key: 'external' | 'pods'): string[] => [
    ...new Set([...measured.values()].flatMap((measurements) => Object.keys(measurements[key] ?? {}))),
  ];
  const discovery = (groupVersion: string, resources: readonly string[], kind: string): unknown => ({
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion,
    resources: resources.map((name) => ({ name, singularName: '', namespaced: true, kind, verbs: ['get', 'list'] })),
  });

  const routes: readonly [path: RegExp, handler: Handler][] = [
    [/^\/apis\/metrics\.k8s\.io\/v1beta1$/, () => discovery(all[0]!, ['pods'], 'PodMetrics')],
    [
      /^\/apis\/metrics\.k8s\.io\/v1beta1\/namespaces\/(?<namespace>[^/]+)\/pods$/,
      async (asked) => {
        const { cpu } = of(asked.namespace);
        const containers = Object.entries(cpu ?? {}).map(([name, used]) => ({
          name,
          usage: { cpu: used, memory: '64Mi' },
        }));
        const pods = containers.length === 0 ? [] : await runningPods(asked);
        const items = pods.map(({ metadata: { name, labels } }) => ({
          metadata: { name, namespace: asked.namespace, labels },
          timestamp: now(),
          window: '30s',
          containers,
        }));
        return list(all[0]!, 'PodMetricsList', items);
      },
    ],
    [
      /^\/apis\/external\.metrics\.k8s\.io\/v1beta1$/,
      () => discovery(all[1]!, names('external'), 'ExternalMetricValueList'),
    ],
    [
      /^\/apis\/external\.metrics\.k8s\.io\/v1beta1\/namespaces\/(?<namespace>[^/]+)\/(?<metric>[^/]+)$/,
      ({ namespace, metric }) => {
        looks.set(namespace, (looks.get(namespace) ?? 0) + 1);
        const value = of(namespace).external?.[metric];
        const items = value === undefined ? [] : [{ metricName: metric, metricLabels: {}, timestamp: now(), value }];
        return list(all[1]!, 'ExternalMetricValueList', items);
      },
    ],
    [
      /^\/apis\/custom\.metrics\.k8s\.io\/v1beta2$/,
      () =>
        discovery(
          all[2]!,
          names('pods').map((name) => `pods/${name}`),
          'MetricValueList',
        ),
    ],
    [
      // client-go asks for pods/%2A.
      /^\/apis\/custom\.metrics\.k8s\.io\/v1beta2\/namespaces\/(?<namespace>[^/]+)\/pods\/\*\/(?<metric>[^/]+)$/,
      async (asked) => {
        const value = of(asked.namespace).pods?.[asked.metric];
        const pods = value === undefined ? [] : await runningPods(asked);
        const items = pods.map(({ metadata: { name } }) => ({
          describedObject: { kind: 'Pod', namespace: asked.namespace, name, apiVersion: '/v1' },
          metric: { name: asked.metric },
          timestamp: now(),
          value,
        }));
        return list(all[2]!, 'MetricValueList', items);
      },
    ],
  ];

  const answer = async (target: string): Promise<readonly [status: number, body: unknown]> => {
    const url = new URL(target, 'https://localhost');
    const path = decodeURIComponent(url.pathname);
    const labelSelector = url.searchParams.get('labelSelector') ?? '';
    for (const [pattern, handler] of routes) {
      const found = pattern.exec(path);
      if (found === null) continue;
      const { namespace = '', metric = '' } = found.groups ?? {};
      return [200, await handler({ namespace, metric, labelSelector })];
    }
    return [404, { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404, message: path }];
  };

  const tls = { cert: readFileSync(plane.certificate), key: readFileSync(plane.certificateKey) };
  const server = createServer(tls, (request, response) => {
    answer(request.url ?? '/')
      .catch(
        (error: unknown) => [500, { kind: 'Status', status: 'Failure', code: 500, message: String(error) }] as const,
      )
      .then(([status, body]) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      )
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => server.on('error', reject).listen(0, '127.0.0.1', resolve));
  await register(plane, (server.address() as AddressInfo).port);
  return {
    set: (namespace, measurements) => void measured.set(namespace, measurements),
    looks: (namespace) => looks.get(namespace) ?? 0,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The aggregator follows a Service of type ExternalName by itself: nothing has to route in the cluster. */
async function register(plane: ControlPlane, port: number): Promise<void> {
  const service = { name: 'metrics-api', namespace: 'kube-system' };
  await plane.request('POST', `/api/v1/namespaces/${service.namespace}/services`, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: service,
    spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port }] },
  });
  const apiServices = '/apis/apiregistration.k8s.io/v1/apiservices';
  for (const { group, version } of GROUPS)
    await plane.request('POST', apiServices, {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `${version}.${group}` },
      spec: {
        group,
        version,
        service: { ...service, port },
        insecureSkipTLSVerify: true,
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    });
  for (const { group, version } of GROUPS)
    for (const deadline = Date.now() + AVAILABLE_WITHIN_MS; ; await sleep(100)) {
      const path = `${apiServices}/${version}.${group}`;
      const { status } = await plane.request<{ status?: { conditions?: { type: string; status: string }[] } }>(
        'GET',
        path,
      );
      if (status?.conditions?.some(({ type, status }) => type === 'Available' && status === 'True') === true) break;
      if (Date.now() > deadline) throw new Error(`${group} is not available: ${JSON.stringify(status)}`);
    }
}
