import { Counter, Gauge, type Registry } from 'prom-client';
import type { ReleaseControl, ReleaseFacts } from '../recommender.ts';

/** Which release answers, how old it is, and how often a new one was taken or refused. */
export function registerRelease(registry: Registry, releases: () => ReleaseControl | null): void {
  const registers = [registry];
  const facts = (): ReleaseFacts | null => releases()?.facts?.() ?? null;
  new Gauge({
    name: 'shortlist_release_info',
    help: '1 for the release that answers, 0 for the one kept behind it.',
    labelNames: ['release'],
    registers,
    collect() {
      const { active = null, previous = null } = releases()?.status() ?? {};
      this.reset();
      if (previous !== null) this.set({ release: previous }, 0);
      if (active !== null) this.set({ release: active }, 1);
    },
  });
  const gauge = (name: string, help: string, valueOf: (facts: ReleaseFacts) => number | null) =>
    new Gauge({
      ...{ name, help, registers },
      collect() {
        const known = facts();
        const value = known && valueOf(known);
        if (value === null) this.remove();
        else this.set(value);
      },
    });
  gauge('shortlist_release_age_seconds', 'Since the release that answers was built.', ({ ageS }) => ageS);
  gauge(
    'shortlist_release_data_age_seconds',
    "Since the end of its training data, by the shop's clock.",
    ({ dataAgeS }) => dataAgeS,
  );
  gauge(
    'shortlist_release_variants_missing',
    'Releases that experiments name and that are not loaded: their variants are answered by control.',
    ({ variantsMissing }) => variantsMissing,
  );
  const counter = (name: string, help: string, valueOf: (facts: ReleaseFacts) => number) =>
    new Counter({
      ...{ name, help, registers },
      collect() {
        this.reset();
        const known = facts();
        if (known !== null) this.inc(valueOf(known));
      },
    });
  counter(
    'shortlist_release_swaps_total',
    'Releases that began to serve, the first one included.',
    ({ swaps }) => swaps,
  );
  counter(
    'shortlist_release_refusals_total',
    'Releases that were offered and refused; /status says why.',
    ({ refusals }) => refusals,
  );
  new Gauge({
    name: 'shortlist_release_offline_score',
    help: 'Offline scores of the release that answers, of all users, from its manifest.',
    labelNames: ['metric'],
    registers,
    collect() {
      this.reset();
      for (const [metric, value] of Object.entries(facts()?.offlineScores ?? {})) this.set({ metric }, value);
    },
  });
}
