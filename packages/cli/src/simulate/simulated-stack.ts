import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { AssignmentSnapshot } from '@shortlist/core/contracts/assignment-snapshot.ts';
import { EVENT_TYPES } from '@shortlist/core/contracts/events.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import { PostgresExperimentStore } from '@shortlist/core/stores/postgres/experiment-store.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { createAnalysis } from '@shortlist/experiments/analysis/create-analysis.ts';
import { Experiments } from '@shortlist/experiments/control/experiments.ts';
import { ResultsReader } from '@shortlist/experiments/control/results.ts';
import { loadBuiltInMetrics } from '@shortlist/experiments/documents/metric-catalogue.ts';
import { createRecommender, type PipelineRecommender } from '@shortlist/serving/create-recommender.ts';
import { AssignmentBook } from '@shortlist/serving/experiments/assignment-book.ts';
import { ProfilesAhead } from '../workspace/profiles-ahead.ts';
import { InProcessIngest } from './in-process-ingest.ts';
import type { Population, Visit } from './population.ts';

export interface SimulatedStackOptions {
  readonly pool: Pool;
  readonly release: LoadedRelease;
  readonly population: Population;
  /** Where the virtual clock begins, unix seconds. */
  readonly startS: number;
  readonly codeVersion: string;
}

const SLOTS = 10;
/** Nothing is shed here, and nobody waits too long. */
const LIMITS = { deadlineMs: 60_000, batchRequestsMax: 32, batchRowsMax: 16_384, batchWaitMs: 0, queueMax: 1_024 };
const RECORDS = { recordsQueueMax: 100_000, recordsFlushMs: 10, exposureMemoryMax: 1_000_000 };
interface RecordsStatus {
  readonly queued: number;
}
/** Data of the day that has just ended are fresh. */
export const STALE_AFTER_S = 86_400;
const UNITS_KEPT = 100_000;

/**
 * The platform in one process on a virtual clock: the stages of the ranking pod, the intakes of the ingest service and
 * the control, analysis and decisions of the experiments service, over a real PostgreSQL. Left out are HTTP, Redis and
 * the pace of the world.
 */
export class SimulatedStack {
  /** Unix seconds; whoever simulates moves it. */
  readonly clock: { nowS: number };
  readonly experiments: Experiments;
  readonly results: ResultsReader;
  readonly #ingest: InProcessIngest;
  readonly #recommender: PipelineRecommender;
  readonly #population: Population;
  readonly #profiles: ProfilesAhead;
  readonly #profileEventsMax: number;
  #visits = 0;

  private constructor(
    { pool, release, population, codeVersion }: SimulatedStackOptions,
    clock: { nowS: number },
    ingest: InProcessIngest,
  ) {
    this.clock = clock;
    this.#population = population;
    this.#ingest = ingest;
    const nowS = () => clock.nowS;
    this.#profiles = new ProfilesAhead(postgresStores(pool).profiles);
    this.#profileEventsMax = release.parameters.profileEventsMax;
    const store = new PostgresExperimentStore(pool);
    const builtInMetrics = loadBuiltInMetrics();
    const assignments = new AssignmentBook({ unitsMax: UNITS_KEPT });
    this.experiments = new Experiments({
      ...{ store, builtInMetrics, nowS, codeVersion, channels: [], releases: () => Promise.resolve(null) },
      onChanged: (snapshot: AssignmentSnapshot) => void assignments.offer(JSON.stringify(snapshot), 'file'),
    });
    this.results = new ResultsReader({
      store,
      builtInMetrics,
      analyse: createAnalysis(pool),
      nowS,
      keepS: 0,
      staleAfterS: STALE_AFTER_S,
    });
    this.#recommender = createRecommender({
      ...{ releases: { current: release }, profiles: this.#profiles, limits: LIMITS, assignments, nowS },
      // A moment of the machine is an hour of the shop.
      profileCache: { ttlMs: 0, entriesMax: 1 },
      records: {
        sink: {
          put: ({ bytes }) => {
            this.#ingest.records(bytes);
            return true;
          },
          status: () => ({}) as never,
        },
        limits: RECORDS,
      },
    });
  }

  static async open(options: SimulatedStackOptions): Promise<SimulatedStack> {
    const clock = { nowS: options.startS };
    return new SimulatedStack(
      options,
      clock,
      await InProcessIngest.open(postgresStores(options.pool), () => clock.nowS),
    );
  }

  /** Shoppers come at the same time, look at a slate and do what they do. */
  async visit(visits: readonly Visit[]): Promise<void> {
    // What they did before is in their profiles.
    await this.#ingest.settled();
    await this.#profiles.read(
      visits.map(({ userId }) => userId),
      this.#profileEventsMax,
    );
    await Promise.all(
      visits.map((visit) => {
        // Requests read the clock when they begin.
        this.clock.nowS = visit.atS;
        return this.#visit(visit, this.#visits++);
      }),
    );
  }

  /** Resolves when all that happened so far is in the log. */
  async settled(): Promise<void> {
    while ((this.#recommender.status().records as RecordsStatus).queued > 0) await sleep(RECORDS.recordsFlushMs);
    await this.#ingest.settled();
  }

  async close(): Promise<void> {
    await this.#recommender.close();
    await this.#ingest.close();
  }

  async #visit(visit: Visit, number: number): Promise<void> {
    const answer = await this.#recommender.recommend(
      { user_id: visit.userId, num_items: SLOTS, context: { surface: 'home' } },
      `simulated-${number}`,
    );
    const itemIds = answer.recommendations.map((item) => item.item_id);
    const reactions = this.#population.react(itemIds, visit, number);
    if (reactions.length === 0) return;
    this.#ingest.events(
      reactions.map(({ itemId, row, position, type, afterS }, i) => ({
        event_id: `simulated-${number}-${i}`,
        user_id: visit.userId,
        item_id: itemId,
        type: EVENT_TYPES[type],
        timestamp: visit.atS + afterS,
        ...(EVENT_TYPES[type] === 'purchase' ? { value: this.#population.priceOf(row), quantity: 1 } : {}),
        surface: 'home',
        request_id: answer.request_id,
        position,
      })),
    );
  }
}
