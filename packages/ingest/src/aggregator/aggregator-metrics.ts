import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ConsumerLag } from '@shortlist/core/stores/postgres/consumer-offsets.ts';

const CHECKPOINT_SECONDS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];

/** What the aggregator shows of itself; lag is measured by the process that leads. */
export class AggregatorMetrics {
  readonly #lag: Readonly<Record<keyof ConsumerLag, Gauge>>;
  readonly #consumed: Counter;
  readonly #checkpoints: Histogram;
  readonly #leader: Gauge;
  readonly #epoch: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    const lag = (unit: string, help: string) =>
      new Gauge({ name: `shortlist_aggregator_lag_${unit}`, help, labelNames: ['consumer'], registers });
    this.#lag = {
      batches: lag('batches', 'Batches of the log that the consumer has not kept yet.'),
      events: lag('events', 'Events in them.'),
      seconds: lag('seconds', 'Age of the oldest of them.'),
    };
    this.#consumed = new Counter({
      name: 'shortlist_aggregator_events_total',
      help: 'Events read from the log.',
      labelNames: ['consumer'],
      registers,
    });
    this.#checkpoints = new Histogram({
      name: 'shortlist_aggregator_checkpoint_seconds',
      help: 'How long counters and offsets took to be committed.',
      buckets: CHECKPOINT_SECONDS,
      registers,
    });
    this.#leader = new Gauge({
      name: 'shortlist_aggregator_leader',
      help: '1 where this process leads.',
      registers,
    });
    this.#epoch = new Gauge({
      name: 'shortlist_aggregator_epoch',
      help: 'Number of the latest turn of this process as leader.',
      registers,
    });
  }

  lag(consumer: string, lag: ConsumerLag): void {
    this.#lag.batches.set({ consumer }, lag.batches);
    this.#lag.events.set({ consumer }, lag.events);
    this.#lag.seconds.set({ consumer }, lag.seconds);
  }

  consumed(consumer: string, events: number): void {
    if (events > 0) this.#consumed.inc({ consumer }, events);
  }

  checkpoint(ms: number): void {
    this.#checkpoints.observe(ms / 1000);
  }

  leads(leader: boolean, epoch: number): void {
    this.#leader.set(leader ? 1 : 0);
    // Whoever leads now measures; what was measured last would stand here for ever.
    if (!leader) for (const gauge of Object.values(this.#lag)) gauge.reset();
    this.#epoch.set(epoch);
  }
}
