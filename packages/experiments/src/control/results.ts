import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { MetricSpec } from '@shortlist/core/contracts/experiment.ts';
import type { ExperimentState, ExperimentStore } from '@shortlist/core/stores/experiment-store.ts';
import { outlookOf } from './settle.ts';
import { subjectOf } from './subject.ts';
import type { Decision } from '../decisions/decide.ts';
import type { Analyse, Analysed, ExperimentResults } from '../analysis/results.ts';
import type { Evidence } from '../decisions/evidence.ts';
import { progressOf, type Progress } from '../decisions/progress.ts';

/** What `GET /experiments/{name}/results` says. */
export interface Results {
  readonly experiment: string;
  readonly state: ExperimentState;
  readonly version: number;
  readonly evidence: Evidence;
  readonly progress: Progress;
  /** Everything else that the analysis knows: errors, sequences, power, ramp steps, what was left out. */
  readonly details: ExperimentResults;
  /** What the rule says of these numbers; null when the experiment is not split any more. */
  readonly outlook: Pick<Decision, 'action' | 'variant' | 'reason'> | null;
}

export interface ResultsOptions {
  readonly store: ExperimentStore;
  readonly builtInMetrics: ReadonlyMap<string, MetricSpec>;
  readonly analyse: Analyse;
  /** Unix seconds. */
  readonly nowS: () => number;
  /** How long numbers may be given again, seconds. */
  readonly keepS: number;
  /** As for decisions. */
  readonly staleAfterS: number;
}

/** Numbers of experiments: computed once for all who ask at a time, and given again for a moment. */
export class ResultsReader {
  readonly #options: ResultsOptions;
  readonly #kept = new Map<string, { readonly atS: number; readonly analysed: Promise<Analysed> }>();

  constructor(options: ResultsOptions) {
    this.#options = options;
  }

  /** @throws `document_not_found`, `results_unavailable`, `database_*` */
  async of(name: string): Promise<Results> {
    const { store, nowS } = this.#options;
    const experiment = await store.experiment(name);
    if (experiment === undefined) throw new ShortlistError('document_not_found', { kind: 'Experiment', name });
    const { state, current } = experiment;
    const { evidence, details } = await this.#analysed(name);
    const given = { evidence, staleAfterS: this.#options.staleAfterS, nowS: nowS() };
    const outlook = outlookOf(experiment, await store.decisions(name), given);
    return {
      ...{ experiment: name, state, version: current.version, evidence },
      progress: progressOf(current.spec, evidence, nowS()),
      details,
      outlook: outlook && { action: outlook.action, variant: outlook.variant, reason: outlook.reason },
    };
  }

  /** Anew, for a decision. @throws as `of` */
  async fresh(name: string): Promise<Evidence> {
    return (await this.#analyse(name)).evidence;
  }

  async #analyse(name: string): Promise<Analysed> {
    const { store, builtInMetrics, analyse, nowS } = this.#options;
    const experiment = await store.experiment(name);
    const subject = experiment === undefined ? null : await subjectOf(store, builtInMetrics, experiment);
    if (subject === null) throw new ShortlistError('results_unavailable', { experiment: name, reason: 'it never ran' });
    return analyse(subject, nowS());
  }

  #analysed(name: string): Promise<Analysed> {
    const { nowS, keepS } = this.#options;
    const kept = this.#kept.get(name);
    if (kept !== undefined && nowS() - kept.atS < keepS) return kept.analysed;
    const analysed = this.#analyse(name);
    this.#kept.set(name, { atS: nowS(), analysed });
    analysed.catch(() => this.#kept.delete(name));
    return analysed;
  }
}
