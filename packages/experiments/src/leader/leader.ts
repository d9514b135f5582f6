import type { Pool } from 'pg';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { AssignmentSnapshots } from '@shortlist/core/stores/assignment-snapshots.ts';
import type { ExperimentState, ExperimentStore } from '@shortlist/core/stores/experiment-store.ts';
import { pause, whileLeading } from '@shortlist/core/stores/postgres/leadership.ts';
import type { Experiments } from '../control/experiments.ts';
import type { ResultsReader } from '../control/results.ts';
import type { Decision } from '../decisions/decide.ts';
import type { Evidence } from '../decisions/evidence.ts';
import { SPLITTING } from '../publisher/snapshot-content.ts';

/** Where pods find the newest snapshot. */
export type SnapshotSink = Pick<AssignmentSnapshots, 'publish'>;

export interface LeaderOptions {
  readonly databaseUrl: string;
  readonly pool: Pool;
  /** Who this is, for people. */
  readonly holder: string;
  readonly store: ExperimentStore;
  readonly experiments: Experiments;
  readonly results: ResultsReader;
  /** Null without Redis: pods then find none. */
  readonly sink: SnapshotSink | null;
  readonly deliver: () => Promise<void>;
  readonly everyMs: { readonly analysis: number; readonly publish: number; readonly deliver: number };
  /** Data older than this decide nothing, seconds. */
  readonly staleAfterS: number;
  readonly observer: LeaderObserver;
}

export interface LeaderObserver {
  failed(what: 'leadership' | 'analysis' | 'publish' | 'deliver', error: unknown): void;
  /** A round of analyses begins: all experiments there are, and the names of those that are split. */
  round(all: readonly { readonly name: string; readonly state: ExperimentState }[], split: ReadonlySet<string>): void;
  /** Null: it failed. */
  analysed(experiment: string, ms: number, evidence: Evidence | null): void;
  decided(experiment: string, decision: Decision): void;
  published(version: number): void;
}

/**
 * What one instance does for all: analyses and decides, publishes the snapshot again and again (a Redis that was emptied
 * gets it back), and sends announcements. The others stand by; see `whileLeading`.
 */
export class Leader {
  readonly #options: LeaderOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #isLeading = false;

  constructor(options: LeaderOptions) {
    this.#options = options;
  }

  get isLeading(): boolean {
    return this.#isLeading;
  }

  start(): void {
    const { databaseUrl, pool, holder, observer, everyMs } = this.#options;
    const { signal } = this.#stopping;
    const onError = (error: unknown) => observer.failed('leadership', error);
    this.#running = whileLeading({ databaseUrl, pool, name: 'experiments', holder, signal, onError }, async (term) => {
      this.#isLeading = true;
      try {
        await Promise.all([
          this.#every(everyMs.publish, term.signal, 'publish', () => this.#publish()),
          this.#every(everyMs.analysis, term.signal, 'analysis', () => this.#analyse(term.signal)),
          this.#every(everyMs.deliver, term.signal, 'deliver', () => this.#options.deliver()),
        ]);
      } finally {
        this.#isLeading = false;
      }
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** What fails is told and tried again at the next turn: the rounds are independent of each other. */
  async #every(
    ms: number,
    signal: AbortSignal,
    what: 'analysis' | 'publish' | 'deliver',
    work: () => Promise<void>,
  ): Promise<void> {
    while (!signal.aborted) {
      try {
        await work();
      } catch (error) {
        this.#options.observer.failed(what, error);
      }
      await pause(ms, signal);
    }
  }

  async #publish(): Promise<void> {
    const { store, experiments, sink, observer } = this.#options;
    const snapshot = (await store.latestSnapshot()) ?? (await experiments.renew());
    if (sink === null) return;
    await sink.publish(snapshot);
    observer.published(snapshot.version);
  }

  async #analyse(signal: AbortSignal): Promise<void> {
    const { store, observer } = this.#options;
    const all = await store.experiments();
    const split = new Set(all.filter(({ state }) => SPLITTING.has(state)).map(({ name }) => name));
    observer.round(all, split);
    for (const name of split) {
      if (signal.aborted) return;
      await this.#decide(name);
    }
  }

  async #decide(name: string): Promise<void> {
    const { experiments, results, staleAfterS, observer } = this.#options;
    const startedMs = performance.now();
    try {
      const evidence = await results.fresh(name).catch((error: unknown) => {
        // Its time goes on even while there are no numbers.
        observer.failed('analysis', error);
        return null;
      });
      observer.analysed(name, performance.now() - startedMs, evidence);
      const decision = await experiments.settle(name, evidence, staleAfterS);
      if (decision !== null) observer.decided(name, decision);
    } catch (error) {
      // A person was faster.
      if (error instanceof ShortlistError && error.code === 'transition_refused') return;
      observer.failed('analysis', error);
    }
  }
}
