import { isDeepStrictEqual } from 'node:util';
import { Value } from 'typebox/value';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { ExperimentSpecSchema, type ExperimentSpec } from '@shortlist/core/contracts/experiment.ts';
import type { ExperimentStatus } from '@shortlist/core/contracts/experiment-resource.ts';
import { pause } from '../runtime/fence.ts';
import { Collection } from '../runtime/kube-api.ts';
import { isConflict, isNotFound } from '../runtime/kube-error.ts';
import type { KubeResource } from '../runtime/kube-object.ts';
import type { Outcome, Reconciler, Term } from '../runtime/reconciler.ts';
import { endExperiment } from './end-experiment.ts';
import { eventsOf } from './experiment-events.ts';
import { EXPERIMENTS } from './experiment-resource-type.ts';
import { statusOf, unavailableStatus, type Observed } from './experiment-status.ts';
import { ServiceRefusal, type ExperimentsService, type ServedExperiment } from './experiments-service.ts';

export type Experiment = KubeResource<ExperimentSpec, ExperimentStatus>;

export interface ReconcilerOptions {
  readonly term: Term;
  readonly service: ExperimentsService;
  /** Pause between two looks at which experiments changed in the service. */
  readonly pollEveryMs: number;
  /** Numbers of an experiment that runs are asked for so often. */
  readonly resultsEveryMs: number;
  /** A refused spec is tried again after this: what refuses it may change. */
  readonly refusedAgainMs: number;
  /** Unix ms. */
  readonly now: () => number;
  /** Monotonic. */
  readonly nowMs: () => number;
  /** In [0, 1). */
  readonly chance: () => number;
}

/** What the service says of a resource; `version` is that of the document of this name, whosesoever it is; 0: none. */
type Applied = Pick<Observed, 'served' | 'refusal'> & { readonly version: number };

/** On a resource: what it makes of the service is ended before it goes. */
const FINALIZER = 'shortlist.dev/experiment';
/** `true` keeps an experiment a draft: it is checked and not started. */
const DRAFT = 'shortlist.dev/draft';
const SPLITTING: ReadonlySet<string> = new Set(['running', 'needs_attention']);
/** Somebody else changes the same experiment in the service; then it is looked at anew. */
const CONFLICTS_MAX = 4;
const AGAIN_SPREAD_MS = 5_000;
/** Of a resource for which the service could not be asked. */
const UNKNOWN = -1;

/**
 * An Experiment resource is the document of the same name in the experiments service, and started. Each step looks at what
 * is there and goes on from it: created, changed, started, written back; so a crash between two of them loses nothing and
 * repeats nothing. Every write to the service is over the version that was read.
 */
export class ExperimentReconciler implements Reconciler<Experiment> {
  readonly #options: ReconcilerOptions;
  readonly #resources: Collection<Experiment>;
  /** Version in the service that the status was made of, by name. */
  readonly #seen = new Map<string, number>();
  /** When the numbers were asked for. */
  readonly #askedMs = new Map<string, number>();
  #isServiceAway = false;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    const { api, namespace } = options.term;
    this.#resources = new Collection<Experiment>(api, EXPERIMENTS, namespace);
  }

  async reconcile(resource: Experiment): Promise<Outcome> {
    const { deletionTimestamp, finalizers = [] } = resource.metadata;
    try {
      if (deletionTimestamp !== undefined) {
        if (finalizers.includes(FINALIZER)) await this.#letGo(resource);
        return {};
      }
      // Before the service hears of it: whoever deletes the resource now waits for us.
      const held = finalizers.includes(FINALIZER) ? resource : await this.#setFinalizers(resource, [FINALIZER]);
      return await this.#bring(held);
    } catch (error) {
      if (error instanceof ShortlistError && error.code === 'experiments_unreachable') {
        const isDeleting = deletionTimestamp !== undefined;
        const why = { message: error.message, isDeleting };
        if (!this.#seen.has(resource.metadata.name)) this.#seen.set(resource.metadata.name, UNKNOWN);
        await this.#write(resource, unavailableStatus(resource.status ?? {}, why, this.#moment(resource)));
      }
      throw error;
    }
  }

  gone(name: string): void {
    this.#seen.delete(name);
    this.#askedMs.delete(name);
  }

  /** Asks for all experiments at once, and has those reconciled that changed in the service. */
  async watchOutside(): Promise<void> {
    const { term, pollEveryMs } = this.#options;
    const { signal } = term.fence;
    for (;;) {
      await pause(pollEveryMs, signal);
      if (signal.aborted) return;
      await this.#poll();
    }
  }

  async #poll(): Promise<void> {
    const { term, service } = this.#options;
    const wasAway = this.#isServiceAway;
    try {
      const found = new Map((await service.list()).map((one) => [one.metadata.name, one.metadata.resourceVersion]));
      this.#isServiceAway = false;
      if (wasAway) this.#enqueueAll();
      for (const [name, version] of this.#seen)
        if (version !== UNKNOWN && (found.get(name) ?? 0) !== version) term.enqueue(name);
    } catch (error) {
      if (term.fence.signal.aborted || wasAway) return;
      term.log.warn({ err: error }, 'the experiments service cannot be asked');
      this.#isServiceAway = true;
      // Every status is to say so: each is looked at, fails, and comes again with backoff.
      this.#enqueueAll();
    }
  }

  /** Not all in one moment: the service may have trouble enough. */
  #enqueueAll(): void {
    const { term, chance } = this.#options;
    for (const name of this.#seen.keys()) term.enqueue(name, AGAIN_SPREAD_MS * chance());
  }

  async #bring(resource: Experiment): Promise<Outcome> {
    const { name } = resource.metadata;
    const { served, refusal, version } = await this.#apply(resource);
    const isRunning = served !== null && SPLITTING.has(served.status.state);
    const numbers = served === null ? {} : await this.#numbers(resource, served);
    const observed: Observed = { served, refusal, ...numbers };
    try {
      await this.#write(resource, statusOf(resource.status ?? {}, observed, this.#moment(resource)));
    } catch (error) {
      if (!isAway(error)) throw error;
      // A deletion that was decided before our finalizer was there does not wait for it: nobody else will end this.
      await this.#end(resource);
      return {};
    }
    this.#seen.set(name, version);
    const { resultsEveryMs, refusedAgainMs } = this.#options;
    const againMs = Math.min(isRunning ? resultsEveryMs : Infinity, refusal === null ? Infinity : refusedAgainMs);
    return againMs === Infinity ? {} : { requeueAfterMs: againMs };
  }

  /** Has the service hold the spec, and the experiment run. */
  async #apply(resource: Experiment): Promise<Applied> {
    const { service } = this.#options;
    const { name, annotations = {} } = resource.metadata;
    const wanted = Value.Default(ExperimentSpecSchema, structuredClone(resource.spec)) as ExperimentSpec;
    for (let conflicts = 0; ; conflicts++) {
      let served = await service.get(name);
      // Of a resource that was never applied, an experiment of this name with another spec is somebody else's.
      let isOurs =
        resource.status?.version !== undefined || (served !== null && isDeepStrictEqual(served.spec, wanted));
      try {
        if (served === null || !isDeepStrictEqual(served.spec, wanted))
          served = await service.put(name, wanted, served?.metadata.resourceVersion ?? 0);
        isOurs = true;
        if (served.status.state === 'draft' && annotations[DRAFT] !== 'true')
          served = await service.start(name, served.metadata.resourceVersion, reasonOf('applied', resource));
        return { served, refusal: null, version: served.metadata.resourceVersion };
      } catch (error) {
        if (!(error instanceof ServiceRefusal)) throw error;
        const version = served?.metadata.resourceVersion ?? 0;
        if (!isRace(error)) return { served: isOurs ? served : null, refusal: error, version };
        if (conflicts >= CONFLICTS_MAX) throw error;
      }
    }
  }

  /** Decisions when the experiment changed, numbers also from time to time while it runs. */
  async #numbers(
    { metadata: { name }, status }: Experiment,
    { metadata: { resourceVersion }, status: { state } }: ServedExperiment,
  ): Promise<Pick<Observed, 'decisions' | 'results'>> {
    const { service, nowMs, resultsEveryMs } = this.#options;
    const isChanged = status?.resourceVersion !== resourceVersion || status.decisions === undefined;
    const isDue = SPLITTING.has(state) && nowMs() - (this.#askedMs.get(name) ?? -Infinity) >= resultsEveryMs;
    if (!isChanged && !isDue) return {};
    const decisions = await service.decisions(name);
    if (state === 'draft') return { decisions };
    try {
      const results = await service.results(name);
      this.#askedMs.set(name, nowMs());
      return { decisions, results };
    } catch (error) {
      // It has none (yet); or the analysis takes long, and what the experiment became is not held back for its numbers.
      const isAnalysis = error instanceof ShortlistError && error.code === 'experiments_unreachable';
      if (!(error instanceof ServiceRefusal) && !isAnalysis) throw error;
      this.#askedMs.set(name, nowMs());
      return { decisions };
    }
  }

  /** Says what was done. */
  #end(resource: Experiment): Promise<string> {
    const { service } = this.#options;
    const reason = reasonOf('deleted', resource);
    return endExperiment(service, { resource, reason, attemptsMax: CONFLICTS_MAX });
  }

  async #letGo(resource: Experiment): Promise<void> {
    const { term } = this.#options;
    const ended = await this.#end(resource);
    await term.events.record(resource, {
      ...{ type: 'Normal', reason: 'Deleted', action: 'Delete', note: ended, transition: 'deleted' },
    });
    await this.#setFinalizers(resource, []);
  }

  /** Ours; those of others stay. */
  #setFinalizers({ metadata: { name, uid } }: Experiment, finalizers: readonly string[]): Promise<Experiment> {
    return this.#resources.apply({ metadata: { name, ...(uid === undefined ? {} : { uid }), finalizers } });
  }

  /** Events first: one that is told twice is one, one that is not told would be lost by a crash. */
  async #write(resource: Experiment, status: ExperimentStatus): Promise<void> {
    const before = resource.status ?? {};
    if (isDeepStrictEqual(before, status)) return;
    const { events } = this.#options.term;
    for (const event of eventsOf(before, status)) await events.record(resource, event);
    const { name, uid } = resource.metadata;
    await this.#resources.apply({ metadata: { name, ...(uid === undefined ? {} : { uid }) }, status }, 'status');
  }

  #moment({ metadata: { generation = 0 } }: Experiment): { generation: number; now: number } {
    return { generation, now: this.#options.now() };
  }
}

/** For the service's history. */
const reasonOf = (verb: string, { metadata: { namespace = '', name, generation = 0 } }: Experiment): string =>
  `Experiment ${namespace}/${name} was ${verb} in Kubernetes (generation ${generation})`;

/** Somebody else was faster; what they made of it is looked at. */
const isRace = ({ code }: ServiceRefusal): boolean =>
  code === 'version_conflict' || code === 'document_not_found' || code === 'transition_refused';

/** Not there, or another one of the same name: what is applied carries its uid. */
const isAway = (error: unknown): boolean =>
  isNotFound(error) || (isConflict(error) && (error as Error).message.includes('uid mismatch'));
