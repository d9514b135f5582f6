import type { ServingRecord } from '@shortlist/core/contracts/serving-records.ts';
import type { RecordBatch } from '../../records/frames.ts';
import type { RecordOutboxStatus } from '../../records/record-outbox.ts';

/** Where batches go: records/record-outbox.ts. */
export interface RecordSink {
  /** False: there is no room. */
  put(batch: RecordBatch): boolean;
  status(): RecordOutboxStatus;
}

export interface RecordQueueOptions {
  /** Most records that wait for the next batch. */
  readonly recordsMax: number;
  /** Longest that a record waits for company, ms. */
  readonly flushMs: number;
  /** Told that records were lost. */
  readonly onDropped: () => void;
}

/** Written into one batch at once: about 2 ms of the thread. */
const BATCH_RECORDS_MAX = 250;

/**
 * Bounded buffer between answers and the outbox: what comes within `flushMs` leaves as one batch of lines. Records become
 * text only then, after their answers have left. Full: the newest is dropped and counted.
 */
export class RecordQueue {
  readonly #sink: RecordSink;
  readonly #options: RecordQueueOptions;
  #waiting: ServingRecord[] = [];
  #timer: NodeJS.Timeout | null = null;
  #isFlushing = false;
  #offered = 0;
  #dropped = 0;

  constructor(sink: RecordSink, options: RecordQueueOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  /** Never waits, never throws. */
  offer(record: ServingRecord): void {
    this.#offered += 1;
    if (this.#waiting.length >= this.#options.recordsMax) return this.#drop(1);
    this.#waiting.push(record);
    if (this.#waiting.length >= BATCH_RECORDS_MAX) this.#flushSoon();
    else this.#timer ??= setTimeout(() => this.#flushSome(), this.#options.flushMs);
  }

  /** Hands on all that waits. */
  flush(): void {
    while (this.#waiting.length > 0) this.#flushBatch();
  }

  /** `offered` all that came; `dropped` those lost because the queue, or all that is behind it, was full. */
  status(): RecordOutboxStatus & { readonly queued: number; readonly offered: number; readonly dropped: number } {
    return { queued: this.#waiting.length, offered: this.#offered, dropped: this.#dropped, ...this.#sink.status() };
  }

  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setImmediate(() => this.#flushSome());
  }

  /** One batch a turn of the loop, so that requests get their turns, too. */
  #flushSome(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#isFlushing = false;
    this.#flushBatch();
    if (this.#waiting.length > 0) this.#flushSoon();
  }

  #flushBatch(): void {
    const records = this.#waiting.splice(0, BATCH_RECORDS_MAX);
    if (records.length === 0) return;
    let lines = '';
    for (const record of records) lines += `${JSON.stringify(record)}\n`;
    if (!this.#sink.put({ bytes: Buffer.from(lines), records: records.length })) this.#drop(records.length);
  }

  #drop(records: number): void {
    this.#dropped += records;
    this.#options.onDropped();
  }
}
