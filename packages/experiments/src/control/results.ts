import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { MetricSpec } from '@shortlist/core/contracts/experiment.ts';
import type { ExperimentState, ExperimentStore } from '@shortlist/core/stores/experiment-store.ts';
import { subjectOf } from './subject.ts';
import type { Analyse, Evidence } from '../decisions/evidence.ts';
import { progressOf, type Progress } from '../decisions/progress.ts';

/** What `GET /experiments/{name}/results` says. */
export interface Results {
  readonly experiment: string;
  readonly state: ExperimentState;
  readonly version: number;
  readonly evidence: Evidence;
  readonly progress: Progress;
}

export interface ResultsOptions {
  readonly store: ExperimentStore;
  readonly builtInMetrics: ReadonlyMap<string, MetricSpec>;
  readonly analyse: Analyse;
  /** Unix seconds. */
  readonly nowS: () => number;
  /** How long numbers may be given again, seconds. */
  readonly keepS: number;
}

/** Numbers of experiments: computed once for all who ask at a time, and given again for a moment. */
export class ResultsReader {
  readonly #options: ResultsOptions;
  readonly #kept = new Map<string, { readonly atS: number; readonly evidence: Promise<Evidence> }>();

  constructor(options: ResultsOptions) {
    this.#options = options;
  }

  /** @throws `document_not_found`, `results_unavailable`, `database_*` */
  async of(name: string): Promise<Results> {
    const { store, nowS } = this.#options;
    const experiment = await store.experiment(name);
    if (experiment === undefined) throw new ShortlistError('document_not_found', { kind: 'Experiment', name });
    const { state, current } = experiment;
    const evidence = await this.#evidence(name);
    return {
      experiment: name,
      state,
      version: current.version,
      evidence,
      progress: progressOf(current.spec, evidence, nowS()),
    };
  }

  /** Anew, for a decision. @throws as `of` */
  async fresh(name: string): Promise<Evidence> {
    const { store, builtInMetrics, analyse, nowS } = this.#options;
    const experiment = await store.experiment(name);
    const subject = experiment === undefined ? null : await subjectOf(store, builtInMetrics, experiment);
    if (subject === null) throw new ShortlistError('results_unavailable', { experiment: name, reason: 'it never ran' });
    return analyse(subject, nowS());
  }

  #evidence(name: string): Promise<Evidence> {
    const { nowS, keepS } = this.#options;
    const kept = this.#kept.get(name);
    if (kept !== undefined && nowS() - kept.atS < keepS) return kept.evidence;
    const evidence = this.fresh(name);
    this.#kept.set(name, { atS: nowS(), evidence });
    evidence.catch(() => this.#kept.delete(name));
    return evidence;
  }
}
