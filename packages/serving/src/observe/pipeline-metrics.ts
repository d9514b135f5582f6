import { Counter, Gauge, type Registry } from 'prom-client';
import type { PipelineFacts } from '../recommender.ts';

const BREAKER_CALLS = ['skipped', 'failed'] as const;

/** What the pipeline counts for itself, read when somebody scrapes. Null while nothing is loaded. */
export function registerPipeline(registry: Registry, facts: () => PipelineFacts | null): void {
  const registers = [registry];
  new Counter({
    name: 'shortlist_stage_late_total',
    help: 'Runs of a stage that took longer than its deadline.',
    labelNames: ['stage'],
    registers,
    collect() {
      this.reset();
      for (const [stage, count] of Object.entries(facts()?.late ?? {})) this.inc({ stage }, count);
    },
  });
  new Counter({
    name: 'shortlist_candidates_dropped_total',
    help: 'Candidates that the filter removed, by reason.',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset();
      for (const [reason, count] of Object.entries(facts()?.dropped ?? {})) this.inc({ reason }, count);
    },
  });
  const counter = (name: string, help: string, valueOf: (facts: PipelineFacts) => number) =>
    new Counter({
      ...{ name, help, registers },
      collect() {
        this.reset();
        const known = facts();
        if (known !== null) this.inc(valueOf(known));
      },
    });
  counter(
    'shortlist_slates_topped_up_total',
    'Slates for which the sources found too little, so that popular items filled them.',
    ({ toppedUp }) => toppedUp,
  );
  counter('shortlist_failures_survived_total', 'Failures that answers survived.', ({ failures }) => failures);
  new Gauge({
    name: 'shortlist_profiles_kept',
    help: 'Profiles in memory; absent in a pod without a store of profiles.',
    registers,
    collect() {
      const kept = facts()?.profilesKept ?? null;
      if (kept === null) this.remove();
      else this.set(kept);
    },
  });
  new Gauge({
    name: 'shortlist_breaker_open',
    help: '1 while what is behind the breaker is left alone because it failed or hung.',
    labelNames: ['breaker'],
    registers,
    collect() {
      this.reset();
      for (const [breaker, { open }] of Object.entries(facts()?.breakers ?? {})) this.set({ breaker }, open ? 1 : 0);
    },
  });
  new Counter({
    name: 'shortlist_breaker_calls_total',
    help: 'Calls that a breaker did not send (skipped) and that failed or took too long (failed).',
    labelNames: ['breaker', 'outcome'],
    registers,
    collect() {
      this.reset();
      for (const [breaker, calls] of Object.entries(facts()?.breakers ?? {}))
        for (const outcome of BREAKER_CALLS) this.inc({ breaker, outcome }, calls[outcome]);
    },
  });
}
