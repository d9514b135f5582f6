import { setTimeout as sleep } from 'node:timers/promises';
import type { LogLane } from '@shortlist/core/stores/event-log.ts';
import type { TransactionalStores } from '@shortlist/core/stores/stores.ts';
import { createAcceptor } from '@shortlist/ingest/events/accept-event.ts';
import { EventIntake } from '@shortlist/ingest/events/event-intake.ts';
import { readBody } from '@shortlist/ingest/events/read-body.ts';
import { createRecordAcceptor } from '@shortlist/ingest/records/accept-record.ts';
import { RecordIntake } from '@shortlist/ingest/records/record-intake.ts';

const QUEUE_MAX = 100_000;
const LINE_BYTES_MAX = 1 << 20;
/** A visit takes a while, and its events are handed over when it begins. */
const FUTURE_S_MAX = 86_400;

/**
 * The intakes of the ingest service on a clock of ours: what is sent goes the way of `POST /events` and `POST /records`,
 * without the HTTP. Nothing may be rejected here: that would be a bug.
 */
export class InProcessIngest {
  readonly #lanes: readonly LogLane[];
  readonly #events: EventIntake;
  readonly #records: RecordIntake;
  readonly #pending = new Set<Promise<void>>();
  #failure: Error | undefined;

  private constructor(lanes: readonly LogLane[], stores: TransactionalStores, nowS: () => number) {
    this.#lanes = lanes;
    const times = { pastSMax: Infinity, futureSMax: FUTURE_S_MAX, nowS };
    const shared = { rejected: stores.rejected, queueMax: QUEUE_MAX };
    this.#events = new EventIntake({
      ...shared,
      lanes: [lanes[0]!],
      accept: createAcceptor({ customTypes: [], ...times }),
    });
    this.#records = new RecordIntake({ ...shared, lanes: [lanes[1]!], accept: createRecordAcceptor(times) });
  }

  static async open(stores: TransactionalStores, nowS: () => number): Promise<InProcessIngest> {
    return new InProcessIngest([await stores.log.openLane(), await stores.log.openLane()], stores, nowS);
  }

  events(events: readonly object[]): void {
    const { events: incoming } = readBody(Buffer.from(JSON.stringify(events)), 'application/json', LINE_BYTES_MAX);
    this.#follow(this.#events.take(incoming, 'simulation'));
  }

  /** Lines as a pod sends them. */
  records(lines: Buffer): void {
    this.#follow(this.#records.take(readBody(lines, 'application/x-ndjson', LINE_BYTES_MAX).events));
  }

  /** Resolves when all that was handed over is on disk. Throws what went wrong with any of it. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.race([Promise.all(this.#pending), sleep(1_000)]);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#pending);
    for (const lane of this.#lanes) await lane.close();
  }

  #follow(taken: Promise<readonly { readonly status: string; readonly error?: unknown }[]>): void {
    const done: Promise<void> = taken
      .then((outcomes) => {
        const bad = outcomes.find(({ status }) => status === 'rejected');
        if (bad !== undefined)
          throw bad.error instanceof Error ? bad.error : new Error('an event or record was rejected');
      })
      .catch((error: unknown) => void (this.#failure ??= error instanceof Error ? error : new Error(String(error))))
      .finally(() => this.#pending.delete(done));
    this.#pending.add(done);
  }
}
