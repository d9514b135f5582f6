import { pino } from 'pino';
import type { ModelReleaseSpec } from '@shortlist/core/contracts/model-release-resource.ts';
import type { ModelRelease, NamedRelease } from '@shortlist/controller/model-release/model-release.ts';
import type { PodReleases, PodSight } from '@shortlist/controller/model-release/observation.ts';
import type { PodAdmin } from '@shortlist/controller/model-release/pod-admin.ts';
import { ModelReleaseReconciler } from '@shortlist/controller/model-release/reconciler.ts';
import { fenceOf } from '@shortlist/controller/runtime/fence.ts';
import type { KubeApi, KubeRequest } from '@shortlist/controller/runtime/kube-api.ts';
import { KubeError } from '@shortlist/controller/runtime/kube-error.ts';
import type { Term } from '@shortlist/controller/runtime/reconciler.ts';

export const digestOf = (release: string): string => release.slice(-8).repeat(8);
export const named = (release: string): NamedRelease => ({ release, manifestSha256: digestOf(release) });

interface PodDouble {
  readonly name: string;
  /** Its own template's. */
  readonly named: NamedRelease | null;
  isReady: boolean;
  /** It does not get ready again. */
  isIll: boolean;
  isReachable: boolean;
  releases: { -readonly [Key in keyof PodReleases]: PodReleases[Key] };
}

type Json = Record<string, unknown>;

/**
 * A deployment `serving` with its pods and a rolling update, and the resources that a ModelRelease is decided by, in memory.
 * Time passes with `tick`. What only the real ones do is in test/kubernetes.
 */
export class ClusterDouble {
  nowMs = Date.parse('2026-11-21T05:00:00Z');
  template: NamedRelease | null = null;
  /** Releases that no pod can load. */
  readonly broken = new Set<string>();
  readonly releases = new Map<string, ModelRelease>();
  readonly experiments = new Map<string, Json>();
  readonly events: string[] = [];
  /** Writes of the deployment. */
  readonly writes: (string | null)[] = [];
  pods: PodDouble[];
  /** Asked before each request; says whether it fails, before it is done or after. */
  fault: (request: KubeRequest) => 'before' | 'after' | null = () => null;
  readonly #replicas: number;
  #made = 0;
  #stuckTicks = 0;
  #uid = 0;
  #reconciler: ModelReleaseReconciler;

  constructor(replicas: number) {
    this.#replicas = replicas;
    this.pods = Array.from({ length: replicas }, () => this.#makePod());
    this.pods.forEach((pod) => (pod.isReady = true));
    this.#reconciler = this.#begin();
  }

  /** Another replica takes over: what the one before remembered is gone. */
  failOver(): void {
    this.#reconciler = this.#begin();
  }

  apply(name: string, release: string, changes: Partial<ModelReleaseSpec> = {}): void {
    const before = this.releases.get(name);
    const spec: ModelReleaseSpec = {
      ...named(release),
      deployment: 'serving',
      rollout: { strategy: 'all', observeSeconds: 10, loadTimeoutSeconds: 600 },
      promote: 'auto',
      attempt: 1,
      ...changes,
    };
    const generation = (before?.metadata.generation ?? 0) + 1;
    const uid = before?.metadata.uid ?? `uid-${++this.#uid}`;
    const creationTimestamp = before?.metadata.creationTimestamp ?? new Date(this.nowMs + this.#uid).toISOString();
    const metadata = { ...before?.metadata, name, uid, generation, creationTimestamp };
    this.releases.set(name, { ...before, metadata, spec });
  }

  delete(name: string): void {
    const found = this.releases.get(name);
    if (found === undefined) return;
    const deletionTimestamp = new Date(this.nowMs).toISOString();
    if ((found.metadata.finalizers ?? []).length === 0) this.releases.delete(name);
    else this.releases.set(name, { ...found, metadata: { ...found.metadata, deletionTimestamp } });
  }

  status(name: string) {
    return this.releases.get(name)?.status ?? {};
  }

  /** What shoppers get of the pods that are ready. */
  get served(): readonly (string | null)[] {
    return this.pods.filter(({ isReady }) => isReady).map(({ releases }) => releases.active);
  }

  /** One turn of everything: pods load, the rolling update goes on, each ModelRelease is reconciled once. */
  async tick(seconds = 2): Promise<void> {
    this.nowMs += seconds * 1000;
    for (const pod of this.pods) this.#load(pod);
    for (const pod of this.pods) if (pod.isIll) pod.isReady = false;
    this.#roll();
    for (const release of [...this.releases.values()])
      // As the runtime does: what fails is tried again at the next turn.
      await this.#reconciler.reconcile(release).catch((error: unknown) => {
        if (!(error instanceof KubeError)) throw error;
      });
  }

  async ticks(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.tick();
  }

  #makePod(): PodDouble {
    const { template } = this;
    return {
      name: `serving-${String((this.#made += 1)).padStart(3, '0')}`,
      named: template,
      isReady: false,
      isIll: false,
      isReachable: true,
      releases: { active: template?.release ?? 'r-of-active-json', pinned: template, prepared: null },
    };
  }

  #load({ releases }: PodDouble): void {
    const { prepared } = releases;
    if (prepared?.state !== 'loading') return;
    const isSound = !this.broken.has(prepared.release) && prepared.manifestSha256 === digestOf(prepared.release);
    releases.prepared = {
      ...prepared,
      state: isSound ? 'loaded' : 'refused',
      reason: isSound ? null : 'release_digest_mismatch: Release file items.arrow is damaged',
    };
  }

  /** One pod at a time, a new one before an old one goes. */
  #roll(): void {
    const old = this.pods.filter((pod) => !isOf(pod, this.template));
    // New pods of a template that was replaced meanwhile go first.
    this.pods = this.pods.filter((pod) => pod.isReady || isOf(pod, this.template));
    const starting = this.pods.find(({ isReady }) => !isReady);
    const canStart = starting !== undefined && !starting.isIll && !this.broken.has(starting.named?.release ?? '');
    if (canStart) starting.isReady = true;
    this.#stuckTicks = starting?.isReady === false ? this.#stuckTicks + 1 : 0;
    // One that went without another in its place: ill when the template changed.
    if (this.pods.length < this.#replicas && this.pods.every(({ isReady }) => isReady)) this.pods.push(this.#makePod());
    const [first] = old.filter(({ isReady }) => isReady);
    if (first === undefined) return;
    const isReplaced =
      this.pods.filter((pod) => isOf(pod, this.template) && pod.isReady).length > 0 && starting?.isReady === true;
    if (isReplaced) this.pods = this.pods.filter((pod) => pod !== first);
    if (this.pods.some((pod) => !isOf(pod, this.template)) && this.pods.every(({ isReady }) => isReady))
      this.pods.push(this.#makePod());
  }

  get #deployment(): Json {
    const ready = this.pods.filter(({ isReady }) => isReady).length;
    const updated = this.pods.filter((pod) => isOf(pod, this.template)).length;
    const isStuck = this.#stuckTicks > 10;
    return {
      metadata: { name: 'serving', uid: 'deployment', generation: 1 },
      spec: {
        selector: { matchLabels: { app: 'serving' } },
        template: { spec: { containers: [{ name: 'serving', env: envOf(this.template) }] } },
      },
      status: {
        ...{ observedGeneration: 1, replicas: this.pods.length, updatedReplicas: updated, availableReplicas: ready },
        conditions: isStuck
          ? [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'too long' }]
          : [],
      },
    };
  }

  #begin(): ModelReleaseReconciler {
    const { signal } = new AbortController();
    const term: Term = {
      fence: fenceOf(signal),
      api: this.#api(),
      events: {
        record: (object, { reason, note }) => {
          this.events.push(`${object.metadata.name} ${reason}: ${note}`);
          return Promise.resolve();
        },
      },
      namespace: 'shop',
      log: pino({ level: 'silent' }),
      enqueue: () => undefined,
    };
    const options = { pollMs: 1, activePollMs: 1, podTimeoutMs: 1, address: () => 'http://pod', now: () => this.nowMs };
    return new ModelReleaseReconciler(term, options, this.#admin());
  }

  #admin(): PodAdmin {
    const change = (work: (pod: PodDouble) => void) => (sight: PodSight) => {
      const pod = this.pods.find(({ name }) => name === sight.name);
      if (pod?.isReachable === true) work(pod);
      return Promise.resolve();
    };
    return {
      ask: (sight) => {
        const pod = this.pods.find(({ name }) => name === sight.name);
        if (pod?.isReachable !== true) return Promise.resolve({ ...sight, problem: 'cannot be asked' });
        // One that starts has loaded nothing yet.
        if (!pod.isReady && pod.named !== null) return Promise.resolve({ ...sight, problem: 'not ready' });
        return Promise.resolve({ ...sight, releases: structuredClone(pod.releases) });
      },
      prepare: (sight, release) =>
        change(({ releases }) => (releases.prepared = { ...release, state: 'loading', reason: null }))(sight),
      discard: change(({ releases }) => (releases.prepared = null)),
      activate: (sight, release) =>
        change(({ releases }) => {
          const { prepared } = releases;
          if (prepared?.release === release && prepared.state === 'loaded') releases.active = release;
        })(sight),
      restore: change(({ releases, named: own }) => (releases.active = own?.release ?? 'r-of-active-json')),
    };
  }

  #api(): KubeApi {
    const api: KubeApi = {
      request: <T>(request: KubeRequest): Promise<T> =>
        Promise.resolve().then(() => {
          const fault = this.fault(request);
          const failure = new KubeError({ status: 0, reason: 'Unreachable', message: 'as the test wants it' });
          if (fault === 'before') throw failure;
          const answer = structuredClone(this.#handle(request)) as T;
          if (fault === 'after') throw failure;
          return answer;
        }),
      lines: () => {
        throw new Error('nobody watches here');
      },
      within: () => api,
    };
    return api;
  }

  #handle({ method, path, body }: KubeRequest): unknown {
    const [, plural, name, subresource] = /\/namespaces\/shop\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(path) ?? [];
    if (plural === 'pods') return listOf(this.pods.map(podOf));
    if (plural === 'experiments') return this.experiments.get(name!) ?? notFound(path);
    if (plural === 'deployments') {
      if (method === 'PATCH') this.#name(body as Json);
      return this.#deployment;
    }
    if (name === undefined) return listOf([...this.releases.values()]);
    const found = this.releases.get(name);
    const patch = body as ModelRelease;
    if (found === undefined || (patch.metadata?.uid ?? found.metadata.uid) !== found.metadata.uid)
      return notFound(path);
    const after =
      subresource === 'status'
        ? { ...found, status: patch.status! }
        : { ...found, metadata: { ...found.metadata, ...patch.metadata } };
    const isGone = after.metadata.deletionTimestamp !== undefined && (after.metadata.finalizers ?? []).length === 0;
    if (isGone) this.releases.delete(name);
    else this.releases.set(name, after);
    return after;
  }

  #name({ spec }: Json): void {
    const { template } = spec as { template: { spec: { containers: { env: { value: string }[] }[] } } };
    const [release, manifestSha256] = template.spec.containers[0]!.env.map(({ value }) => value);
    this.template = release === '' ? null : { release: release!, manifestSha256: manifestSha256! };
    this.writes.push(this.template?.release ?? null);
  }
}

const isOf = (pod: PodDouble, template: NamedRelease | null): boolean => pod.named?.release === template?.release;

const envOf = (template: NamedRelease | null): object[] => [
  { name: 'SHORTLIST_RELEASE', value: template?.release ?? '' },
  { name: 'SHORTLIST_RELEASE_MANIFEST_SHA256', value: template?.manifestSha256 ?? '' },
];

const podOf = ({ name, named: own, isReady }: PodDouble): object => ({
  metadata: { name, annotations: { 'shortlist.dev/release': own?.release ?? '' } },
  spec: { containers: [] },
  status: { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
});

const listOf = (items: readonly object[]): object => ({ metadata: { resourceVersion: '1' }, items });

function notFound(path: string): never {
  throw new KubeError({ status: 404, reason: 'NotFound', message: path });
}
