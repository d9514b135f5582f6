import { Counter, Rate, Trend } from 'k6/metrics';
import { METRICS } from '../scenarios/promises.ts';
import type { Answer } from './ask.ts';

/** What every answer is counted in; names are METRICS. */
export class Measures {
  readonly #accepted = new Trend(METRICS.accepted, true);
  readonly #sent = new Trend(METRICS.sent, true);
  readonly #refused = new Trend(METRICS.refused, true);
  readonly #late = new Trend(METRICS.late, true);
  readonly #errors = new Rate(METRICS.errors);
  readonly #shed = new Rate(METRICS.shed);
  readonly #degraded = new Rate(METRICS.degraded);
  readonly #tier = new Counter(METRICS.tier);

  note(
    { outcome, tookMs, degraded, tier }: Answer,
    { lateMs, phase, slot }: { readonly lateMs: number; readonly phase: string; readonly slot: string },
  ): void {
    const tags = { phase, slot };
    this.#late.add(lateMs);
    this.#errors.add(outcome === 'failed', tags);
    this.#shed.add(outcome === 'shed', tags);
    if (outcome === 'shed') this.#refused.add(lateMs + tookMs, tags);
    if (outcome !== 'accepted') return;
    this.#accepted.add(lateMs + tookMs, tags);
    this.#sent.add(tookMs);
    this.#degraded.add(degraded, tags);
    this.#tier.add(1, { tier });
  }
}
