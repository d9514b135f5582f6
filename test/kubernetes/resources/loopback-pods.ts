import { setTimeout as sleep } from 'node:timers/promises';
import { startChild, type ChildPod } from '../../../packages/serving/test/child-pod.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';

/** Where the admin port of the process is that stands for a pod. */
export const ADMIN_URL = 'test.shortlist.dev/admin-url';

interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly spec: {
    readonly containers: readonly {
      readonly name: string;
      readonly env?: readonly { readonly name: string; readonly value?: string }[];
    }[];
  };
}

interface Running {
  readonly name: string;
  readonly child: ChildPod;
  isReady: boolean;
  isAnnotated: boolean;
}

const LOOK_EVERY_MS = 200;

/**
 * What a kubelet does, as far as it matters here: every pod of a deployment is a real ranking pod, a process with the
 * environment that its template says. It is ready when the process says so, is told to stop when the pod goes, and one
 * that ended is never ready, as in a crash loop.
 */
export class LoopbackPods {
  readonly #plane: ControlPlane;
  readonly #namespace: string;
  readonly #app: string;
  readonly #running = new Map<string, Running>();
  readonly #stopping = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(plane: ControlPlane, options: { readonly namespace: string; readonly app: string }) {
    this.#plane = plane;
    this.#namespace = options.namespace;
    this.#app = options.app;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    for (const { child } of this.#running.values()) child.process.kill('SIGKILL');
  }

  /** Public URLs of the pods that are ready, by name. */
  get urls(): ReadonlyMap<string, string> {
    return new Map(
      [...this.#running.values()].filter(({ isReady }) => isReady).map(({ name, child }) => [name, child.url()]),
    );
  }

  get(name: string): ChildPod | undefined {
    return [...this.#running.values()].find((one) => one.name === name)?.child;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      // An apiserver that is busy is asked again.
      await this.#look().catch(() => undefined);
      await sleep(LOOK_EVERY_MS);
    }
  }

  async #look(): Promise<void> {
    const path = `/api/v1/namespaces/${this.#namespace}/pods`;
    const selector = `labelSelector=${encodeURIComponent(`app.kubernetes.io/name=${this.#app}`)}`;
    const { items } = await this.#plane.request<{ items: readonly Pod[] }>('GET', `${path}?${selector}`);
    const there = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    for (const [uid, { child }] of this.#running) {
      if (there.some(({ metadata }) => metadata.uid === uid)) continue;
      child.process.kill('SIGTERM');
      this.#running.delete(uid);
    }
    for (const pod of there) await this.#settle(pod, `${path}/${pod.metadata.name}`);
  }

  async #settle({ metadata: { name, uid }, spec }: Pod, path: string): Promise<void> {
    let running = this.#running.get(uid);
    if (running === undefined) {
      const env = spec.containers.find((container) => container.name === this.#app)?.env ?? [];
      const variables = Object.fromEntries(env.map((one) => [one.name, one.value ?? '']));
      const child = startChild('../src/main.ts', variables);
      this.#running.set(uid, (running = { name, child, isReady: false, isAnnotated: false }));
    }
    const { child } = running;
    if (!running.isAnnotated && child.lines.some(({ msg }) => msg === 'listening' || msg === 'ready')) {
      await this.#plane.request('PATCH', path, { metadata: { annotations: { [ADMIN_URL]: child.adminUrl() } } });
      running.isAnnotated = true;
    }
    const isReady = child.process.exitCode === null && (await this.#says(child));
    if (isReady === running.isReady) return;
    await this.#plane.request('PATCH', `${path}/status`, {
      status: {
        phase: 'Running',
        podIP: '127.0.0.1',
        podIPs: [{ ip: '127.0.0.1' }],
        conditions: conditionsOf(isReady),
      },
    });
    running.isReady = isReady;
  }

  async #says({ lines, url }: ChildPod): Promise<boolean> {
    if (!lines.some(({ msg }) => msg === 'ready')) return false;
    return fetch(`${url()}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  }
}

function conditionsOf(isReady: boolean): object[] {
  const lastTransitionTime = new Date().toISOString().replace(/\.\d+Z/, 'Z');
  const status = isReady ? 'True' : 'False';
  return ['Ready', 'ContainersReady'].map((type) => ({ type, status, lastTransitionTime }));
}
