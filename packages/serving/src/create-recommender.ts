import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { RankRequest, RankResponse } from '@shortlist/core/contracts/rank.ts';
import type { RecommendRequest, RecommendResponse } from '@shortlist/core/contracts/recommend.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import { Pace } from '@shortlist/core/release/pace.ts';
import type { Readiness } from '@shortlist/service/routing/health.ts';
import { Admission, NO_ADMISSION } from './admission/admission.ts';
import { lighten } from './admission/lighter.ts';
import { answerOf, NOT_EXPLAINED, type Explained } from './answer.ts';
import { Batcher, type Outcome } from './batching/batcher.ts';
import { LoopClock } from './batching/loop-clock.ts';
import { ANSWER_TTL_S, type CachedAnswers } from './cached-answers.ts';
import { findSimilar, findTrending, listProducts } from './catalogue/catalogue-queries.ts';
import { isServable, keptOf, listOf } from './catalogue/kept-list.ts';
import { computeApart } from './compute-batch.ts';
import { createProfiles, type Profiles } from './create-profiles.ts';
import type { RecordFacts } from './lifecycle.ts';
import { DROP_REASONS } from './eligibility.ts';
import { AssignmentBook } from './experiments/assignment-book.ts';
import { Variants } from './experiments/variants.ts';
import {
  AFTER_BATCH,
  BEFORE_BATCH,
  createRecorder,
  recordFailure,
  runStage,
  STAGES,
  type StageServices,
} from './pipeline.ts';
import { bodyOf, rankingOf, rowsOf } from './rank-given.ts';
import { RankingRequest } from './ranking-request.ts';
import type { RecommenderOptions } from './recommender-options.ts';
import type { ItemList, PipelineFacts, ProductPage, ProductQuery, Recommender, RequestTrace } from './recommender.ts';
import { createRedisSide, type RedisSide } from './redis-side.ts';
import { ReleaseWorkspace } from './release-workspace.ts';
import { RuleBook } from './rules/rule-book.ts';
import { warmUp } from './warm-up.ts';

export interface PipelineRecommender extends Recommender {
  /**
   * Runs requests of every kind through all stages with a release that does not serve yet, so that no shopper pays for
   * what happens the first time. Until then `ready` says no. Rejects as a request would: such a release must not serve.
   */
  warmUp(release: LoadedRelease, pace?: Pace): Promise<void>;
  /** Ready answers; null without Redis. */
  readonly answers: CachedAnswers | null;
  /** What is recorded of answers; null where nothing is. */
  readonly records: RecordFacts | null;
  /** Hands on what is still queued and stops looking at the rules file. */
  close(): Promise<void>;
}

const PROFILE_CACHE = { ttlMs: 1000, entriesMax: 50_000 };
const RULES_POLL_MS = 2000;
/** What an error without a code is answered as. */
const INTERNAL = { code: 'internal', status: 500 };

/** The ranking side of the pod: the stages of pipeline.ts with batching between them. */
export function createRecommender(options: RecommenderOptions): PipelineRecommender {
  return new StagedRecommender(options);
}

class StagedRecommender implements PipelineRecommender {
  readonly #options: RecommenderOptions;
  readonly #services: StageServices;
  readonly #assignments: AssignmentBook;
  readonly #variants: Variants;
  readonly #profiles: Profiles | null;
  readonly #redis: RedisSide | null;
  readonly #batcher: Batcher<RankingRequest, Explained>;
  readonly #admission: Admission;
  readonly #deadlineClock = new LoopClock();
  readonly #servings = new WeakMap<LoadedRelease, Serving>();
  readonly #rulesTimer: NodeJS.Timeout;
  readonly #nowS: () => number;
  /** Runs of a stage that took longer than its deadline. */
  readonly #late = new Map<string, number>();
  #failures = 0;
  /** Candidates that the filter removed, by code of the reason, and slates that needed topping up. */
  readonly #dropped = new Float64Array(DROP_REASONS.length);
  #toppedUp = 0;

  constructor(options: RecommenderOptions) {
    const { limits, observer } = options;
    this.#options = options;
    this.#nowS = options.nowS ?? (() => Date.now() / 1000);
    this.#redis =
      options.redis === undefined
        ? null
        : createRedisSide(options.redis, {
            observer,
            rulesVersion: () => this.#services.rules.status().loaded_at ?? '',
            onFailure: (error) => this.#services.onFailure('redis', error, []),
          });
    this.#profiles =
      options.profiles &&
      createProfiles({
        ...(options.profileCache ?? PROFILE_CACHE),
        store: options.profiles,
        ...(this.#redis ? { redis: this.#redis } : {}),
        ...(observer ? { onRead: observer.profileRead.bind(observer) } : {}),
      });
    const { releases, parameters } = options;
    this.#assignments = options.assignments ?? new AssignmentBook({ unitsMax: 1 });
    this.#variants = new Variants({ book: this.#assignments, releases, parameters });
    this.#services = {
      variants: this.#variants,
      workspaceOf: (release) => this.#serving(release).workspace,
      rules: options.rules ?? RuleBook.none(),
      profiles: this.#profiles?.cache ?? null,
      recorder: options.records ? createRecorder(options.records.sink, options.records.limits) : null,
      onFailure: (what, error, ids) => {
        this.#failures += 1;
        options.onFailure?.(what, error, ids);
      },
      onLate: (stage) => this.#late.set(stage, (this.#late.get(stage) ?? 0) + 1),
    };
    const admission = (this.#admission = options.admission ?? new Admission({ limits: NO_ADMISSION }));
    this.#batcher = new Batcher({
      compute: (batch) => this.#compute(batch),
      rowsOf: ({ given, parameters, alternatives }) =>
        given?.length ?? Math.min(parameters.candidatesMax, parameters.rankedMax) * (1 + alternatives.length),
      deadlineOf: ({ deadlineMs }) => deadlineMs,
      laneOf: ({ body }) => (body.priority === 'prefetch' ? 1 : 0),
      batchMs: () => admission.batchMs,
      nowMs: () => this.#deadlineClock.nowMs(),
      rowsMax: limits.batchRowsMax,
      requestsMax: limits.batchRequestsMax,
      queueMax: limits.queueMax,
      waitMs: limits.batchWaitMs,
      onBegin: ({ body: { priority = 'shopper' } }, waitedMs) => {
        admission.began(priority, waitedMs);
        observer?.queued(priority, waitedMs);
      },
      refuse: ({ body: { priority = 'shopper' } }, reason) =>
        admission.shed(reason === 'full' ? 'limit' : reason, priority),
      ...(observer ? { onBatch: observer.batch.bind(observer), onQueue: observer.queueDepth.bind(observer) } : {}),
    });
    admission.makeRoom = () => this.#batcher.makeRoom();
    this.#rulesTimer = setInterval(() => void this.#services.rules.checkForChange(), RULES_POLL_MS).unref();
  }

  get records(): RecordFacts | null {
    return this.#services.recorder?.queue ?? null;
  }

  get answers(): CachedAnswers | null {
    return this.#redis?.answers ?? null;
  }

  async recommend(body: RecommendRequest, requestId: string, trace?: RequestTrace): Promise<RecommendResponse> {
    const { active } = this.#variants;
    return this.#admitted({ body, id: requestId, trace, release: active }, async (request) => {
      try {
        return await this.#answer(request);
      } catch (error) {
        const { code, status } = error instanceof ShortlistError ? error : INTERNAL;
        if (status >= 500) recordFailure(request, code, this.#services.recorder);
        throw error;
      }
    });
  }

  async rank(body: RankRequest, requestId: string, trace?: RequestTrace): Promise<RankResponse> {
    const { active } = this.#variants;
    const { rows: given, unknown } = rowsOf(body.items, active.catalog);
    return this.#admitted({ body: bodyOf(body), given, id: requestId, trace, release: active }, async (request) => {
      for (const stage of BEFORE_BATCH) await runStage(stage, [request], this.#services);
      lighten(request, this.#admission.level);
      await this.#batcher.submit(request);
      return rankingOf(request, unknown, performance.now() - request.startedMs);
    });
  }

  /** Works on a request if there is room for it. Throws `overloaded`. */
  async #admitted<T>(
    asked: {
      readonly id: string;
      readonly body: RecommendRequest;
      readonly given?: Int32Array;
      readonly trace: RequestTrace | undefined;
      readonly release: LoadedRelease;
    },
    work: (request: RankingRequest) => Promise<T>,
  ): Promise<T> {
    const { release, ...rest } = asked;
    const { deadlineMs, deadlineMaxMs = 0 } = this.#options.limits;
    const budgetMs = Math.min(asked.body.deadline_ms ?? deadlineMs, Math.max(deadlineMs, deadlineMaxMs));
    const { priority = 'shopper' } = asked.body;
    this.#admission.enter(priority, budgetMs);
    const request = new RankingRequest({
      ...rest,
      workspace: this.#serving(release).workspace,
      parameters: release.parameters,
      nowS: this.#nowS(),
      deadlineMs: this.#deadlineClock.nowMs() + budgetMs,
    });
    try {
      return await work(request);
    } finally {
      this.#admission.leave(priority);
    }
  }

  async #answer(request: RankingRequest): Promise<RecommendResponse> {
    const { startedMs } = request;
    for (const stage of BEFORE_BATCH) await runStage(stage, [request], this.#services);
    lighten(request, this.#admission.level);
    const slates = this.#redis?.slates;
    const place = slates ? await slates.find(request) : null;
    const explained = place === true ? NOT_EXPLAINED : await this.#batcher.submit(request);
    for (const stage of AFTER_BATCH) await runStage(stage, [request], this.#services);
    if (place === true) return { ...answerOf(request, explained, performance.now() - startedMs), cached: true };
    if (place) slates?.keep(place, request);
    return answerOf(request, explained, performance.now() - startedMs);
  }

  async warmUp(release: LoadedRelease, pace = Pace.alone()): Promise<void> {
    const serving = this.#serving(release);
    const parameters = this.#variants.parametersOf(release);
    serving.warmStages = await warmUp({ workspace: serving.workspace, parameters, services: this.#services, pace });
  }

  similar(productId: string, k: number): Promise<ItemList> {
    const find = (release: LoadedRelease) => findSimilar(release, productId, k, this.#nowS());
    return this.#list('similar-products', `${k}:${productId}`, find);
  }

  trending(category: string | undefined, k: number): Promise<ItemList> {
    const find = (release: LoadedRelease) => findTrending(release, category, k, this.#nowS());
    return this.#list('trending', `${k}:${category ?? ''}`, find);
  }

  products(query: ProductQuery): Promise<ProductPage> {
    return settled(() => listProducts(this.#variants.active, query));
  }

  status(): Readonly<Record<string, unknown>> {
    const { rules, profiles, recorder } = this.#services;
    return {
      stages: STAGES.map(({ name, deadlineMs, onFailure, scope }) => {
        return { name, deadlineMs, onFailure, scope, late: this.#late.get(name) ?? 0 };
      }),
      batching: this.#batcher.status(),
      admission: this.#admission.status(),
      rules: rules.status(),
      experiments: { ...this.#assignments.status(), releases: this.#options.releases.heldStatus?.() ?? [] },
      profile_cache: profiles?.status() ?? null,
      answer_cache: this.answers?.status() ?? null,
      records: recorder?.queue.status() ?? null,
      failures_survived: this.#failures,
      warm_stages: this.#warmStages(),
      topped_up: this.#toppedUp,
      dropped: this.#droppedByReason(),
    };
  }

  facts(): PipelineFacts {
    const breaker = this.#redis?.breaker;
    return {
      late: Object.fromEntries(STAGES.map(({ name }) => [name, this.#late.get(name) ?? 0])),
      dropped: this.#droppedByReason(),
      toppedUp: this.#toppedUp,
      failures: this.#failures,
      profilesKept: this.#services.profiles?.kept ?? null,
      breakers: breaker === undefined ? {} : { redis: { open: !breaker.closed, ...breaker.status() } },
    };
  }

  ready(): Readiness {
    try {
      if (this.#warmStages().length < STAGES.length) return { ready: false, reason: 'the release is being warmed up' };
      return { ready: true };
    } catch (error) {
      return { ready: false, reason: error instanceof Error ? error.message : String(error) };
    }
  }

  close(): Promise<void> {
    clearInterval(this.#rulesTimer);
    this.#deadlineClock.close();
    this.#profiles?.close();
    this.#services.recorder?.queue.flush();
    return Promise.resolve();
  }

  #droppedByReason(): Record<string, number> {
    return Object.fromEntries(
      DROP_REASONS.map((reason, code): [string, number] => [reason, this.#dropped[code]!]).slice(1),
    );
  }

  /** A list from the cache of `name`, or computed. */
  async #list(
    name: 'similar-products' | 'trending',
    key: string,
    find: (release: LoadedRelease) => ItemList,
  ): Promise<ItemList> {
    const release = this.#variants.active;
    if (this.answers === null) return find(release);
    const { catalog, id } = release;
    const kept = await this.answers.answer({
      name,
      key: `${id}:${key}`,
      ttlS: ANSWER_TTL_S[name],
      compute: () => settled(() => keptOf(find(release))),
      holds: (list) => isServable(list, catalog),
    });
    return listOf(kept, catalog, id);
  }

  async #compute(batch: readonly RankingRequest[]): Promise<readonly Outcome<Explained>[]> {
    const { level } = this.#admission;
    const startedMs = performance.now();
    const outcomes = await computeApart(batch, this.#services);
    this.#admission.computed(level, batch.length, performance.now() - startedMs);
    batch.forEach((request, i) => {
      if ('error' in outcomes[i]!) return;
      request.dropped.forEach((count, code) => (this.#dropped[code]! += count));
      if (request.toppedUp) this.#toppedUp += 1;
    });
    return outcomes;
  }

  /** Stages that the warm-up of the current release has run; none while there is no release. */
  #warmStages(): readonly string[] {
    return this.#servings.get(this.#options.releases.current)?.warmStages ?? [];
  }

  /** What is kept beside a release, made when it is first seen: at its warm-up, before it gets traffic. */
  #serving(release: LoadedRelease): Serving {
    let serving = this.#servings.get(release);
    if (serving === undefined) {
      serving = { workspace: new ReleaseWorkspace(release), warmStages: [] };
      this.#servings.set(release, serving);
    }
    return serving;
  }
}

/** A synchronous answer as a promise, so that its refusals are rejections. */
function settled<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}

interface Serving {
  readonly workspace: ReleaseWorkspace;
  warmStages: readonly string[];
}
