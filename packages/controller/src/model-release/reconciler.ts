import { isDeepStrictEqual } from 'node:util';
import type { ModelReleaseStatus, ReleasePhase } from '@shortlist/core/contracts/model-release-resource.ts';
import { Collection } from '../runtime/kube-api.ts';
import { isNotFound } from '../runtime/kube-error.ts';
import type { Outcome, Reconciler, Term } from '../runtime/reconciler.ts';
import { factsOf, isSame, releaseOf, type Facts } from './facts.ts';
import {
  hasEnded,
  isUnderWay,
  MODEL_RELEASES,
  phaseOf,
  waitsFor,
  type ModelRelease,
  type NamedRelease,
} from './model-release.ts';
import type { Observation, PodSight } from './observation.ts';
import { observe, type Seen } from './observe.ts';
import { createPodAdmin, type PodAdmin } from './pod-admin.ts';
import { nameRelease } from './pod-template.ts';
import type { PodAddress } from './pods.ts';
import { statusAfter } from './status.ts';
import { stepFrom, type Step } from './transitions.ts';

export interface ModelReleaseOptions {
  /** How often pods are asked while a release is on its way, ms. */
  readonly pollMs: number;
  /** How often they are asked when it is active, ms. */
  readonly activePollMs: number;
  /** Longest question to a pod, ms. */
  readonly podTimeoutMs: number;
  readonly address: PodAddress;
  /** Unix ms. */
  readonly now: () => number;
}

/** While pods keep it ready or serve it against their template: so that a ModelRelease that is deleted leaves nothing behind. */
const FINALIZER = 'shortlist.dev/model-release';
/** How long after its end pods are tidied up; one that could not be reached by then forgets it when it restarts. */
const TIDY_MS = 120_000;

/** Brings a release to the pods, by the transitions of transitions.ts. Each turn makes one step or acts, never both. */
export class ModelReleaseReconciler implements Reconciler<ModelRelease> {
  readonly #term: Term;
  readonly #options: ModelReleaseOptions;
  readonly #releases: Collection<ModelRelease>;
  readonly #pods: PodAdmin;

  /** `pods`: their admin ports over HTTP, unless given. */
  constructor(term: Term, options: ModelReleaseOptions, pods?: PodAdmin) {
    this.#term = term;
    this.#options = options;
    this.#releases = new Collection<ModelRelease>(term.api, MODEL_RELEASES, term.namespace);
    this.#pods =
      pods ??
      createPodAdmin({
        timeoutMs: options.podTimeoutMs,
        check: () => term.fence.check(),
        onFailure: (what, pod, error) => term.log.warn({ what, pod, err: error }, 'a pod did not do as it was told'),
      });
  }

  async reconcile(watched: ModelRelease): Promise<Outcome> {
    // Read now: what the watch has told may be older than what this replica wrote last.
    const { items } = await this.#releases.list();
    const object = items.find(({ metadata }) => metadata.uid === watched.metadata.uid);
    if (object === undefined) return {};
    if (object.metadata.deletionTimestamp !== undefined) return this.#end(object);
    const phase = phaseOf(object);
    const status = object.status ?? {};
    const { seen, deployment, isAsked } = await this.#observe(object, phase, items);
    const facts = factsOf(object.spec, status, seen);
    const step = stepFrom(phase, facts);
    if (step !== null && isUnderWay(step.to)) await this.#setFinalizer(object, true);
    const wasNamed =
      step === null && deployment !== null && (await this.#act(phase, object, facts, { seen, deployment, isAsked }));
    await this.#write(object, { facts, step, isAsked, wasNamed, seen });
    if (step !== null) {
      await this.#tell(object, phase, step);
      if (hasEnded(step.to)) this.#wake(items, seen.template);
      return { requeueAfterMs: 0 };
    }
    const isTidy = facts.strays.length === 0 && facts.prepared.length === 0;
    if (!isUnderWay(phase) && isTidy && isAsked) await this.#setFinalizer(object, false);
    return this.#next(phase, status, isAsked && isTidy);
  }

  #observe(object: ModelRelease, phase: ReleasePhase, all: readonly ModelRelease[]): Promise<Seen> {
    const { now, address } = this.#options;
    const { api, namespace } = this.#term;
    const sinceMs = now() - Date.parse(object.status?.phaseSince ?? new Date(now()).toISOString());
    const isAsked = !hasEnded(phase) || sinceMs < TIDY_MS;
    const goesFirst = waitsFor(object, all);
    return observe(
      { api, namespace, address, nowMs: now(), isAsked, goesFirst, ask: (pod) => this.#pods.ask(pod) },
      object,
    );
  }

  /** What the phase does. Everything may be done twice. Returns whether it was put into the pod template. */
  async #act(
    phase: ReleasePhase,
    { spec, status }: ModelRelease,
    facts: Facts,
    { seen, deployment }: Seen,
  ): Promise<boolean> {
    const wanted = releaseOf(spec);
    const { api, namespace } = this.#term;
    const named = (names: readonly string[]) => seen.pods.filter(({ name }) => names.includes(name));
    if (phase === 'Loading' || phase === 'Canary' || phase === 'AwaitingPromotion') {
      const missing = seen.pods.filter(({ releases }) => releases !== null && !hasItOrIsAtIt(releases, wanted));
      await each(missing, (pod) => this.#pods.prepare(pod, wanted));
    }
    if (phase === 'Canary') {
      const idle = named(facts.canary.pods).filter(
        ({ releases }) => releases !== null && releases.active !== wanted.release,
      );
      await each(idle, (pod) => this.#pods.activate(pod, wanted.release));
    }
    if (phase === 'RollingBack' || hasEnded(phase)) {
      await each(named(facts.strays), (pod) => this.#pods.restore(pod));
      await each(named(facts.prepared), (pod) => this.#pods.discard(pod));
    }
    if (deployment === null) return false;
    if (phase === 'RollingBack' && facts.isNamed)
      await nameRelease(api, namespace, deployment, status?.previous ?? null);
    if (phase !== 'Promoting' || facts.isNamed || facts.wasApplied) return false;
    await nameRelease(api, namespace, deployment, wanted);
    return true;
  }

  async #write(
    object: ModelRelease,
    told: Pick<Parameters<typeof statusAfter>[0], 'facts' | 'step' | 'isAsked' | 'wasNamed'> & {
      readonly seen: Observation;
    },
  ): Promise<void> {
    const { spec, metadata, status: before = {} } = object;
    const { seen, ...rest } = told;
    const { template, nowMs } = seen;
    const status = statusAfter({ ...rest, spec, generation: metadata.generation ?? 0, before, template, nowMs });
    if (isDeepStrictEqual(status, before)) return;
    await this.#releases.apply({ metadata: identityOf(object), status }, 'status');
  }

  async #tell(object: ModelRelease, from: ReleasePhase, { to, reason, words }: Step): Promise<void> {
    const isBad = to === 'Failed' || to === 'RollingBack';
    const { attempt = 1, phaseSince = '' } = object.status ?? {};
    this.#term.log.info({ release: object.metadata.name, from, to, reason, words }, 'a ModelRelease moves');
    await this.#term.events.record(object, {
      type: isBad ? 'Warning' : 'Normal',
      reason,
      action: to,
      note: words,
      transition: `${attempt} ${from} ${to} ${phaseSince}`,
    });
  }

  /** The pod template names another one now: that one is looked at, too. */
  #wake(all: readonly ModelRelease[], template: NamedRelease | null): void {
    for (const { metadata, spec } of all) if (isSame(template, releaseOf(spec))) this.#term.enqueue(metadata.name);
  }

  #next(phase: ReleasePhase, { phaseSince }: ModelReleaseStatus, isTidy: boolean): Outcome {
    const { pollMs, activePollMs, now } = this.#options;
    if (phase === 'Active') return { requeueAfterMs: activePollMs };
    if (!hasEnded(phase)) return { requeueAfterMs: pollMs };
    return isTidy || now() - Date.parse(phaseSince ?? '') > TIDY_MS ? {} : { requeueAfterMs: pollMs };
  }

  /** It is being deleted: what serves by its own template serves on; canaries go back, and nothing is kept ready. */
  async #end(object: ModelRelease): Promise<Outcome> {
    if (object.metadata.finalizers?.includes(FINALIZER) !== true) return {};
    const { canaryPods: _, ...status } = object.status ?? {};
    const { seen } = await this.#observe({ ...object, status }, 'RollingBack', []);
    const facts = factsOf(object.spec, status, seen);
    const named = (names: readonly string[]) => seen.pods.filter(({ name }) => names.includes(name));
    await each(named(facts.strays), (pod) => this.#pods.restore(pod));
    await each(named(facts.prepared), (pod) => this.#pods.discard(pod));
    const waitedMs = this.#options.now() - Date.parse(object.metadata.deletionTimestamp!);
    if (facts.strays.length + facts.prepared.length > 0 && waitedMs < TIDY_MS)
      return { requeueAfterMs: this.#options.pollMs };
    await this.#setFinalizer(object, false);
    return {};
  }

  async #setFinalizer({ metadata }: ModelRelease, isWanted: boolean): Promise<void> {
    const { name, resourceVersion, finalizers = [] } = metadata;
    if (finalizers.includes(FINALIZER) === isWanted) return;
    const others = finalizers.filter((one) => one !== FINALIZER);
    const patch = { metadata: { resourceVersion, finalizers: isWanted ? [...others, FINALIZER] : others } };
    await this.#releases.merge(name, patch).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
}

/** So that an object that was deleted meanwhile does not come back. */
const identityOf = ({ metadata: { name, uid } }: ModelRelease) => ({ name, ...(uid === undefined ? {} : { uid }) });

function hasItOrIsAtIt(
  { pinned, prepared, active }: NonNullable<PodSight['releases']>,
  { release, manifestSha256 }: ReturnType<typeof releaseOf>,
): boolean {
  if (pinned?.release === release && pinned.manifestSha256 === manifestSha256 && active === release) return true;
  return prepared?.release === release && prepared.manifestSha256 === manifestSha256;
}

/** Pods at once, so that one that hangs does not hold up the others. */
const AT_ONCE = 16;

export async function each<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < items.length; at += AT_ONCE) await Promise.all(items.slice(at, at + AT_ONCE).map(work));
}
