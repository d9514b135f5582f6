import { Counter, Gauge, type Registry } from 'prom-client';
import type { RecordFacts } from '../lifecycle.ts';

const OUTCOMES = ['offered', 'dropped', 'sent', 'rejected', 'spooled', 'adopted', 'damaged'] as const;

/** What became of slates and exposures on their way to the ingest service. */
export function registerRecords(registry: Registry, records: () => RecordFacts | null): void {
  const registers = [registry];
  new Counter({
    name: 'shortlist_records_total',
    help: 'Slates and exposures by what became of them; dropped and damaged ones are lost.',
    labelNames: ['outcome'],
    registers,
    collect() {
      this.reset();
      const status = records()?.status();
      if (status !== undefined) for (const outcome of OUTCOMES) this.inc({ outcome }, status[outcome]);
    },
  });
  new Gauge({
    name: 'shortlist_records_waiting',
    help: 'Slates and exposures that wait for the ingest service, in memory or on disk.',
    registers,
    collect() {
      this.set(records()?.status().waiting ?? 0);
    },
  });
  new Gauge({
    name: 'shortlist_records_spool_bytes',
    help: 'What they take on disk.',
    registers,
    collect() {
      this.set(records()?.status().spool_bytes ?? 0);
    },
  });
}
