import { Counter, Gauge, type Registry } from 'prom-client';
import type { AdmissionStatus } from '../admission/admission.ts';

/** What is done about more requests than can be answered. Refusals are counted by the admission: they must cost nothing. */
export function registerAdmission(registry: Registry, status: () => AdmissionStatus): void {
  const registers = [registry];
  new Counter({
    name: 'shortlist_shed_total',
    help: 'Requests that were refused with 503: at the limit, or because their deadline could not be met, passed in the queue, or a shopper needed the place.',
    labelNames: ['reason', 'priority'],
    registers,
    collect() {
      this.reset();
      for (const [priority, reasons] of Object.entries(status().shed))
        for (const [reason, count] of Object.entries(reasons)) this.inc({ reason, priority }, count);
    },
  });
  new Gauge({
    name: 'shortlist_concurrency_limit',
    help: 'Requests that may be in flight now.',
    registers,
    collect() {
      this.set(status().limit);
    },
  });
  new Gauge({
    name: 'shortlist_admitted_in_flight',
    help: 'Requests in flight that count for the limit, by priority.',
    labelNames: ['priority'],
    registers,
    collect() {
      for (const [priority, count] of Object.entries(status().in_flight)) this.set({ priority }, count);
    },
  });
  new Gauge({
    name: 'shortlist_load_level',
    help: 'How light answers are: 0 full, 1 fewer candidates, 2 no model, 3 lists alone.',
    registers,
    collect() {
      this.set(status().level);
    },
  });
}
