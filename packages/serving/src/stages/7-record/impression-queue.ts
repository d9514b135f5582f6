import { appendFile } from 'node:fs/promises';

/** One shown slate, in the form of impressions.jsonl; the item at index i was at position i + 1. */
export interface Impression {
  readonly request_id: string;
  readonly user_id?: string;
  readonly session_id?: string;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly surface: string;
  readonly device: string;
  readonly category?: string;
  readonly items: readonly string[];
  readonly propensities: readonly number[];
  readonly release: string;
  readonly tier: string;
  readonly degraded: readonly string[];
}

/** Where impressions go: a file now, the durable log of the ingest service later. */
export interface ImpressionSink {
  write(impressions: readonly Impression[]): Promise<void>;
}

/** Appends to a JSONL file that `shortlist import jsonl` reads. */
export class JsonlSpool implements ImpressionSink {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  async write(impressions: readonly Impression[]): Promise<void> {
    await appendFile(this.#file, impressions.map((one) => `${JSON.stringify(one)}\n`).join(''));
  }
}

export interface ImpressionQueueStatus {
  readonly waiting: number;
  readonly written: number;
  /** Not recorded because the queue was full. */
  readonly dropped: number;
  /** Writes that failed; their impressions stayed queued. */
  readonly failures: number;
  readonly last_failure: string | null;
}

/**
 * Bounded buffer between answers and a sink. One write at a time; what a failed write held goes back in front and is
 * tried again with the next offer after `retryMs`. Full: the newest is dropped and counted, so memory and latency stay
 * bounded whatever the sink does.
 */
export class ImpressionQueue {
  readonly #sink: ImpressionSink;
  readonly #max: number;
  readonly #retryMs: number;
  #waiting: Impression[] = [];
  #writing: Promise<void> | null = null;
  #held = 0;
  #pausedUntilMs = 0;
  #written = 0;
  #dropped = 0;
  #failures = 0;
  #lastFailure: string | null = null;

  constructor(sink: ImpressionSink, options: { max: number; retryMs: number }) {
    this.#sink = sink;
    this.#max = options.max;
    this.#retryMs = options.retryMs;
  }

  /** False when it was dropped. */
  offer(impression: Impression): boolean {
    if (this.#waiting.length + this.#held >= this.#max) {
      this.#dropped += 1;
      this.#start();
      return false;
    }
    this.#waiting.push(impression);
    this.#start();
    return true;
  }

  /** Resolves when what was offered so far is written, or could not be. */
  async flush(): Promise<void> {
    this.#pausedUntilMs = 0;
    this.#start();
    while (this.#writing !== null) await this.#writing;
  }

  status(): ImpressionQueueStatus {
    return {
      waiting: this.#waiting.length + this.#held,
      written: this.#written,
      dropped: this.#dropped,
      failures: this.#failures,
      last_failure: this.#lastFailure,
    };
  }

  #start(): void {
    if (this.#writing !== null || this.#waiting.length === 0 || performance.now() < this.#pausedUntilMs) return;
    this.#writing = this.#drain().finally(() => (this.#writing = null));
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      // Gathers what the same turn of the loop still brings, so that a batch of answers is one write.
      await new Promise((resolve) => setImmediate(resolve));
      const batch = this.#waiting;
      this.#waiting = [];
      this.#held = batch.length;
      try {
        await this.#sink.write(batch);
        this.#written += batch.length;
      } catch (error) {
        this.#failures += 1;
        this.#lastFailure = error instanceof Error ? error.message : String(error);
        this.#waiting = [...batch, ...this.#waiting];
        this.#pausedUntilMs = performance.now() + this.#retryMs;
        return;
      } finally {
        this.#held = 0;
      }
    }
  }
}
