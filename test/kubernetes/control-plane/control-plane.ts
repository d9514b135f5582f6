import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../packages/cli/src/workspace/free-port.ts';
import { findBinaries } from './binaries.ts';
import { COMPONENTS, makeComponents, type Component } from './components.ts';
import { kubeconfigText, makeCredentials } from './credentials.ts';
import { runKubectl, type KubectlResult } from './kubectl.ts';
import { requestApi, type Method } from './request.ts';

/** A real kube-apiserver and what belongs to it, on loopback; everything it writes lies in one temporary folder. */
export interface ControlPlane {
  readonly folder: string;
  /** File with the administrator's access. */
  readonly kubeconfig: string;
  /** `https://127.0.0.1:port`, the same after a restart. */
  readonly server: string;
  /** PEM files of the apiserver's certificate, which is also who clients trust, and of its key. */
  readonly certificate: string;
  readonly certificateKey: string;
  readonly pids: Readonly<Partial<Record<Component, number>>>;
  /** What kubectl prints. @throws with what it said on stderr when it fails */
  kubectl(args: readonly string[], stdin?: string): Promise<string>;
  /** The same without throwing, and as another user where a kubeconfig is given. */
  tryKubectl(args: readonly string[], stdin?: string, kubeconfig?: string): Promise<KubectlResult>;
  /** One request as administrator, JSON both ways; PATCH merges unless `apply`. @throws ApiError */
  request<T>(method: Method, path: string, body?: unknown, patch?: 'apply' | 'merge'): Promise<T>;
  /** File with the access of a service account that exists, by a real token: RBAC is in force. */
  kubeconfigOf(namespace: string, serviceAccount: string): Promise<string>;
  /** Ends the apiserver at once; what it stored stays in etcd. */
  killApiServer(): Promise<void>;
  /** Starts it again on the same port, and waits until it is ready. */
  startApiServer(): Promise<void>;
  /** Kill and start. Watches are cut, and their resource versions are gone from its cache. */
  restartApiServer(): Promise<void>;
  /** The last lines that each component logged. */
  logs(): string;
  /** Ends every process and removes the folder. */
  stop(): Promise<void>;
}

export interface ControlPlaneOptions {
  /** Components that are not started; etcd and the apiserver always are. */
  readonly without?: readonly Exclude<Component, 'etcd' | 'kube-apiserver'>[];
  /** More flags for their command lines; the last of a kind counts. */
  readonly flags?: Partial<Record<Component, readonly string[]>>;
}

const READY_WITHIN_MS = 180_000;
const STARTS_MAX = 3;
class PortTaken extends Error {}

/** Starts a control plane of its own; several may run side by side. @throws with the logs when it does not become ready */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  for (let start = 1; ; start++) {
    try {
      return await startOnce(options);
    } catch (error) {
      // Between the moment a port is found free and its use somebody else may take it.
      if (!(error instanceof PortTaken) || start === STARTS_MAX) throw error;
    }
  }
}

async function startOnce({ without = [], flags = {} }: ControlPlaneOptions): Promise<ControlPlane> {
  const { folder: binaries, absent } = findBinaries();
  if (absent !== '') throw new Error(absent);
  const folder = mkdtempSync(join(tmpdir(), 'shortlist-control-plane-'));
  const [api, etcd, peer] = [await freePort('127.0.0.1'), await freePort('127.0.0.1'), await freePort('127.0.0.1')];
  const server = `https://127.0.0.1:${api}`;
  const kubeconfig = join(folder, 'kubeconfig');
  const credentials = makeCredentials(folder);
  writeFileSync(kubeconfig, kubeconfigText(server, credentials.certificate, credentials.token), { mode: 0o600 });
  const components = makeComponents({ binaries, folder, kubeconfig, credentials, ports: { api, etcd, peer } }, flags);
  const all = COMPONENTS.map((name) => components[name]);

  const logs = (): string => all.map((component) => component.tail()).join('\n');
  const stop = async (): Promise<void> => {
    await Promise.all(all.map((component) => component.kill()));
    rmSync(folder, { recursive: true, force: true });
  };
  const request = <T>(method: Method, path: string, body?: unknown, patch?: 'apply' | 'merge'): Promise<T> =>
    requestApi(
      { server, certificate: readFileSync(credentials.certificate), token: credentials.token },
      method,
      path,
      body,
      patch,
    );
  const expectedIdle = new Set<string>(COMPONENTS);
  const until = async (what: string, holds: () => Promise<unknown>): Promise<void> => {
    for (const deadline = Date.now() + READY_WITHIN_MS; ; await sleep(50)) {
      const ended = all.find(({ name, isRunning }) => !isRunning && !expectedIdle.has(name));
      if (ended === undefined && Date.now() < deadline) {
        if (await holds().then(Boolean, () => false)) return;
        continue;
      }
      const text = `${what}${ended === undefined ? '' : `: ${ended.name} ended`}\n${logs()}`;
      throw text.includes('address already in use') ? new PortTaken(text) : new Error(text);
    }
  };
  const start = (name: Component): void => {
    expectedIdle.delete(name);
    components[name].start();
  };
  const startApiServer = async (): Promise<void> => {
    start('kube-apiserver');
    await until('the apiserver did not become ready', async () => {
      if (!existsSync(credentials.certificate)) return false;
      return (await request<string>('GET', '/readyz')) === 'ok';
    });
  };
  const killApiServer = async (): Promise<void> => {
    expectedIdle.add('kube-apiserver');
    await components['kube-apiserver'].kill();
  };
  const tryKubectl = (args: readonly string[], stdin?: string, as = kubeconfig): Promise<KubectlResult> =>
    runKubectl({ program: join(binaries, 'kubectl'), args, stdin, folder, kubeconfig: as });

  try {
    start('etcd');
    await startApiServer();
    for (const name of ['kube-controller-manager', 'kube-scheduler', 'kwok'] as const)
      if (!without.includes(name)) start(name);
    // Pods can be made once the controller manager has given the namespace its service account.
    if (!without.includes('kube-controller-manager'))
      await until('the controller manager did not begin', () =>
        request('GET', '/api/v1/namespaces/default/serviceaccounts/default'),
      );
    else await until('there is no namespace', () => request('GET', '/api/v1/namespaces/default'));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    folder,
    kubeconfig,
    server,
    certificate: credentials.certificate,
    certificateKey: credentials.certificateKey,
    get pids() {
      const pids = COMPONENTS.flatMap((name) =>
        components[name].pid === undefined ? [] : [[name, components[name].pid]],
      );
      return Object.fromEntries(pids) as Partial<Record<Component, number>>;
    },
    request,
    tryKubectl,
    async kubectl(args, stdin) {
      const { code, stdout, stderr } = await tryKubectl(args, stdin);
      if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr || stdout}`);
      return stdout;
    },
    async kubeconfigOf(namespace, serviceAccount) {
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`;
      const { status } = await request<{ status: { token: string } }>('POST', path, {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: {},
      });
      const file = join(folder, `kubeconfig-${namespace}-${serviceAccount}`);
      writeFileSync(file, kubeconfigText(server, credentials.certificate, status.token, namespace), { mode: 0o600 });
      return file;
    },
    killApiServer,
    startApiServer,
    async restartApiServer() {
      await killApiServer();
      await startApiServer();
    },
    logs,
    stop,
  };
}
