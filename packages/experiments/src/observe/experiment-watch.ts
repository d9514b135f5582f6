import { Counter, Gauge, type Registry } from 'prom-client';
import { EXPERIMENT_STATES, type ExperimentState } from '@shortlist/core/stores/experiment-store.ts';
import type { Evidence } from '../decisions/evidence.ts';

/** The default of `analysis.sampleRatioAlpha`; what a plan of its own says decides, and this warns. */
const SAMPLE_RATIO_ALPHA = 0.001;

interface Analysed {
  atMs: number;
  isMismatched: boolean;
}

/** What the instance that leads knows of all experiments after each round; the others show none of it. */
export class ExperimentWatch {
  readonly #nowMs: () => number;
  readonly #mismatches: Counter;
  /** By experiment that is split now; since its begin where it has no numbers yet. */
  readonly #analysed = new Map<string, Analysed>();
  #states: Readonly<Partial<Record<ExperimentState, number>>> | null = null;

  /** `nowMs`: monotonic. */
  constructor(registry: Registry, isLeading: () => boolean, nowMs: () => number = () => performance.now()) {
    const registers = [registry];
    this.#nowMs = nowMs;
    this.#mismatches = new Counter({
      name: 'shortlist_experiments_sample_ratio_mismatches_total',
      help: 'Experiments whose units began to come in another ratio than that of the weights: their numbers mean nothing.',
      registers,
    });
    const states = () => (isLeading() ? this.#states : null);
    new Gauge({
      name: 'shortlist_experiments',
      help: 'Experiments by state; of the instance that leads.',
      labelNames: ['state'],
      registers,
      collect() {
        const known = states();
        this.reset();
        if (known !== null) for (const state of EXPERIMENT_STATES) this.set({ state }, known[state] ?? 0);
      },
    });
    const oldestS = () => (isLeading() ? this.#oldestS() : null);
    new Gauge({
      name: 'shortlist_experiments_analysis_age_seconds',
      help: 'Since the last analysis that gave numbers, of the experiment that waits longest; 0 without experiments.',
      registers,
      collect() {
        const ageS = oldestS();
        if (ageS === null) this.remove();
        else this.set(ageS);
      },
    });
  }

  /** A round begins: all experiments there are, and those that are split. */
  round(all: readonly { readonly name: string; readonly state: ExperimentState }[], split: ReadonlySet<string>): void {
    const states: Partial<Record<ExperimentState, number>> = {};
    for (const { state } of all) states[state] = (states[state] ?? 0) + 1;
    this.#states = states;
    for (const name of this.#analysed.keys()) if (!split.has(name)) this.#analysed.delete(name);
    for (const name of split)
      if (!this.#analysed.has(name)) this.#analysed.set(name, { atMs: this.#nowMs(), isMismatched: false });
  }

  /** Null: the analysis failed. */
  analysed(experiment: string, evidence: Evidence | null): void {
    if (evidence === null) return;
    const isMismatched = hasMismatch(evidence);
    if (isMismatched && this.#analysed.get(experiment)?.isMismatched !== true) this.#mismatches.inc();
    this.#analysed.set(experiment, { atMs: this.#nowMs(), isMismatched });
  }

  #oldestS(): number {
    let oldestMs = this.#nowMs();
    for (const { atMs } of this.#analysed.values()) oldestMs = Math.min(oldestMs, atMs);
    return (this.#nowMs() - oldestMs) / 1000;
  }
}

/** By the check that may be looked at any time. */
function hasMismatch({ sampleRatio: { sequentialP }, interleaving }: Evidence): boolean {
  return interleaving === null && sequentialP !== null && sequentialP < SAMPLE_RATIO_ALPHA;
}
