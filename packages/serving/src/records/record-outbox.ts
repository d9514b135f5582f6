import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordBatch } from './frames.ts';
import type { RecordClient } from './record-client.ts';
import { isGone, type Adopted, type RecordSpool, type SpooledBatch } from './spool.ts';

/** Most records and bytes of one request; ingest takes 5,000 and 8 MiB. */
const REQUEST_RECORDS_MAX = 5_000;
const REQUEST_BYTES_MAX = 1 << 20;
/** Requests begin no more often, so that many pods do not make many small commits; unless one would be full. */
const SEND_EVERY_MS = 100;
const BACKOFF_MS = { first: 100, max: 5_000 };
const HOUSEKEEPING_MS = 1_000;
/** Most bytes of one write. */
const WRITE_BYTES_MAX = 1 << 20;
/** How long a disk that fails is left alone. */
const DISK_PAUSE_MS = 1_000;

export interface RecordOutboxOptions {
  /** Null: they stay in the spool for a process that has one. */
  readonly client: RecordClient | null;
  /** Null: memory only. */
  readonly spool: RecordSpool | null;
  /** Most bytes in memory; what is on disk is let go of before. */
  readonly memoryBytesMax: number;
  /** Told of failures, for the log. */
  readonly onFailure: (what: string, reason: string) => void;
}

export interface RecordOutboxStatus {
  /** Records that wait for the ingest service, in memory or on disk, and the bytes of each. */
  readonly waiting: number;
  readonly memory_bytes: number;
  readonly spool_bytes: number;
  readonly sent: number;
  /** Of those sent: the ingest service refused and kept them. */
  readonly rejected: number;
  /** Of those that wait or were sent: written to disk meanwhile. */
  readonly spooled: number;
  /** Left by processes that ended, and taken over. */
  readonly adopted: number;
  /** What ended processes had not written to its end. */
  readonly torn_bytes: number;
  /** On disk, but not as they were written; or too large for the ingest service. */
  readonly damaged: number;
  readonly send_failures: number;
  readonly spool_failures: number;
  readonly last_failure: string | null;
}

interface Entry {
  readonly records: number;
  readonly length: number;
  /** Null: only on disk. */
  bytes: Buffer | null;
  /** Null: only in memory. */
  spooled: SpooledBatch | null;
  /** Nobody needs it any more. */
  isSettled: boolean;
}

/**
 * What waits for the ingest service. Every batch is written to the spool as it comes, whether or not the service
 * answers, so that a process that is killed leaves it to the next; the disk and the network work side by side. Batches
 * are sent in their order, one request at a time, until each is acknowledged.
 *
 * Without room on disk batches wait in memory; without room there, the newest is refused: those that wait came first,
 * and what is lost is then one stretch of time.
 */
export class RecordOutbox {
  readonly #options: RecordOutboxOptions;
  #waiting: Entry[] = [];
  #unspooled: Entry[] = [];
  #memoryBytes = 0;
  #waitingRecords = 0;
  #spooling: Promise<void> | null = null;
  #sending: Promise<void> | null = null;
  #diskPausedUntilMs = 0;
  #housekeeping: Promise<void> = Promise.resolve();
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #stopping = new AbortController();
  #requestRecordsMax = REQUEST_RECORDS_MAX;
  #attempts = 0;
  #nextSendMs = 0;
  #isClosing = false;
  readonly #counts = { sent: 0, rejected: 0, spooled: 0, adopted: 0, torn_bytes: 0, damaged: 0 };
  readonly #failures = { send_failures: 0, spool_failures: 0, last_failure: null as string | null };

  constructor(options: RecordOutboxOptions) {
    this.#options = options;
    if (options.spool === null) return;
    this.#timer = setInterval(() => this.#keepHouse(), HOUSEKEEPING_MS).unref();
    this.#keepHouse();
  }

  /** Takes a batch over. False: there is no room for it. */
  put({ bytes, records }: RecordBatch): boolean {
    if (this.#memoryBytes + bytes.length > this.#options.memoryBytesMax) return false;
    const entry: Entry = { records, length: bytes.length, bytes, spooled: null, isSettled: false };
    this.#memoryBytes += bytes.length;
    this.#waitingRecords += records;
    this.#waiting.push(entry);
    if (this.#options.spool !== null) {
      this.#unspooled.push(entry);
      this.#startSpooling();
    }
    this.#startSending();
    return true;
  }

  status(): RecordOutboxStatus {
    return {
      waiting: this.#waitingRecords,
      memory_bytes: this.#memoryBytes,
      spool_bytes: this.#options.spool?.bytes ?? 0,
      ...this.#counts,
      ...this.#failures,
    };
  }

  /** Sends what waits for at most so long; what is left then stays on disk. Returns how many records were only in memory. */
  async close(withinMs: number): Promise<number> {
    this.#isClosing = true;
    const untilMs = performance.now() + withinMs;
    while (this.#isBusy() && performance.now() < untilMs) await sleep(5);
    clearInterval(this.#timer);
    this.#stopping.abort();
    await Promise.all([this.#spooling, this.#sending, this.#housekeeping]);
    await this.#options.spool?.close();
    this.#options.client?.close();
    return this.#waiting.reduce((sum, { spooled, records }) => sum + (spooled === null ? records : 0), 0);
  }

  #isBusy(): boolean {
    return this.#spooling !== null || (this.#options.client !== null && this.#waiting.length > 0);
  }

  #startSpooling(): void {
    if (this.#spooling !== null || this.#unspooled.length === 0) return;
    if (performance.now() < this.#diskPausedUntilMs) return;
    this.#spooling = this.#spool(this.#options.spool!).finally(() => (this.#spooling = null));
  }

  /** Writes down what has come. A disk that fails, or a full spool, is tried again after a while. */
  async #spool(spool: RecordSpool): Promise<void> {
    while (this.#unspooled.length > 0) {
      const entries = this.#takeUnspooled();
      let places: readonly SpooledBatch[] | null = null;
      try {
        if (entries.length === 0) continue;
        places = await spool.append(entries.map(({ bytes, records }) => ({ bytes: bytes!, records })));
        if (places === null) this.#fail('spool_failures', 'the spool is full');
      } catch (error) {
        this.#fail('spool_failures', error instanceof Error ? error.message : String(error));
      }
      if (places === null) {
        this.#unspooled.unshift(...entries);
        this.#diskPausedUntilMs = performance.now() + DISK_PAUSE_MS;
        return;
      }
      const settled: SpooledBatch[] = [];
      for (const [i, entry] of entries.entries()) {
        if (entry.isSettled) settled.push(places[i]!);
        else this.#onDisk(entry, places[i]!);
      }
      await this.#acknowledge(settled);
    }
  }

  /** The oldest that are still needed, as many as one write holds. */
  #takeUnspooled(): readonly Entry[] {
    const needed = this.#unspooled.filter(({ isSettled }) => !isSettled);
    let count = 0;
    for (let bytes = 0; count < needed.length && (count === 0 || bytes < WRITE_BYTES_MAX); count++)
      bytes += needed[count]!.length;
    this.#unspooled = needed.slice(count);
    return needed.slice(0, count);
  }

  #onDisk(entry: Entry, place: SpooledBatch): void {
    this.#counts.spooled += entry.records;
    entry.spooled = place;
    if (this.#options.client === null) this.#leave(entry);
    else if (this.#memoryBytes > this.#options.memoryBytesMax / 2) this.#forgetBytes(entry);
  }

  /** Nobody here will send it: it stays on disk only. */
  #leave(entry: Entry): void {
    entry.isSettled = true;
    this.#waiting = this.#waiting.filter((one) => one !== entry);
    this.#waitingRecords -= entry.records;
    this.#forgetBytes(entry);
  }

  #forgetBytes(entry: Entry): void {
    if (entry.bytes === null) return;
    entry.bytes = null;
    this.#memoryBytes -= entry.length;
  }

  #startSending(): void {
    const { client } = this.#options;
    if (client === null || this.#sending !== null || this.#waiting.length === 0) return;
    this.#sending = this.#send(client).finally(() => {
      this.#sending = null;
      if (!this.#stopping.signal.aborted) this.#startSending();
    });
  }

  async #send(client: RecordClient): Promise<void> {
    while (this.#waiting.length > 0 && !this.#stopping.signal.aborted) {
      if (!(await this.#isTime())) continue;
      const entries = this.#take();
      const lines = await Promise.all(entries.map((entry) => this.#linesOf(entry)));
      const whole = lines.filter((one) => one !== null);
      const delivery = whole.length === 0 ? NOTHING : await client.send(whole, this.#stopping.signal);
      if (delivery.status === 'taken') {
        this.#counts.rejected += delivery.rejected;
        await this.#settle(entries, lines);
      } else if (delivery.status === 'too_large') await this.#splitOrGiveUp(entries);
      else {
        this.#waiting.unshift(...entries);
        await this.#pause(delivery.reason, delivery.retryAfterMs);
      }
    }
  }

  /** Waits until the next request may begin; false: look again, something has changed. */
  async #isTime(): Promise<boolean> {
    const waitMs = this.#nextSendMs - performance.now();
    const isFull = this.#waitingRecords >= REQUEST_RECORDS_MAX || this.#memoryBytes >= REQUEST_BYTES_MAX;
    if (waitMs > 0 && !isFull && !this.#isClosing) {
      await sleep(waitMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      return false;
    }
    this.#nextSendMs = performance.now() + SEND_EVERY_MS;
    return true;
  }

  /** The oldest, as many as one request holds; at least one. */
  #take(): readonly Entry[] {
    let records = 0;
    let bytes = 0;
    let count = 0;
    for (const entry of this.#waiting) {
      records += entry.records;
      bytes += entry.length;
      if (count > 0 && (records > this.#requestRecordsMax || bytes > REQUEST_BYTES_MAX)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #linesOf({ bytes, spooled }: Entry): Promise<Buffer | null> {
    if (bytes !== null) return bytes;
    try {
      return await this.#options.spool!.read(spooled!);
    } catch (error) {
      this.#fail('spool_failures', error instanceof Error ? error.message : String(error));
      return null;
    }
  }

  async #settle(entries: readonly Entry[], lines: readonly (Buffer | null)[]): Promise<void> {
    this.#attempts = 0;
    this.#requestRecordsMax = REQUEST_RECORDS_MAX;
    entries.forEach(({ records }, i) => (this.#counts[lines[i] === null ? 'damaged' : 'sent'] += records));
    await this.#release(entries);
  }

  async #release(entries: readonly Entry[]): Promise<void> {
    for (const entry of entries) {
      entry.isSettled = true;
      this.#waitingRecords -= entry.records;
      this.#forgetBytes(entry);
    }
    await this.#acknowledge(entries.flatMap(({ spooled }) => spooled ?? []));
  }

  async #acknowledge(spooled: readonly SpooledBatch[]): Promise<void> {
    try {
      if (spooled.length > 0) await this.#options.spool!.acknowledge(spooled);
    } catch (error) {
      this.#fail('spool_failures', error instanceof Error ? error.message : String(error));
    }
  }

  async #splitOrGiveUp(entries: readonly Entry[]): Promise<void> {
    if (entries.length > 1) {
      this.#waiting.unshift(...entries);
      this.#requestRecordsMax = Math.max(1, Math.floor(this.#requestRecordsMax / 4));
      return;
    }
    this.#fail('send_failures', 'a batch is too large for the ingest service');
    this.#counts.damaged += entries[0]!.records;
    await this.#release(entries);
  }

  /** Longer after each failure, and never in step with other pods. */
  async #pause(reason: string, retryAfterMs: number): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#fail('send_failures', reason);
    const backoffMs = Math.min(BACKOFF_MS.max, BACKOFF_MS.first * 2 ** this.#attempts);
    this.#attempts = Math.min(this.#attempts + 1, 16);
    const waitMs = Math.max(Math.min(retryAfterMs, BACKOFF_MS.max), backoffMs) * (0.5 + Math.random() / 2);
    await sleep(waitMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  /** Says that we live, and takes over what others left. */
  #keepHouse(): void {
    const { spool, client } = this.#options;
    this.#housekeeping = this.#housekeeping.then(async () => {
      if (this.#stopping.signal.aborted) return;
      this.#startSpooling();
      try {
        if (!(await spool!.touch())) this.#writeAgain();
        if (client !== null) this.#adopt(await spool!.adopt());
      } catch (error) {
        this.#fail('spool_failures', error instanceof Error ? error.message : String(error));
      }
    });
  }

  #adopt({ batches, tornBytes }: Adopted): void {
    this.#counts.torn_bytes += tornBytes;
    const entries = batches.map((spooled): Entry => {
      const { records, length } = spooled.place;
      return { records, length, bytes: null, spooled, isSettled: false };
    });
    const records = entries.reduce((sum, entry) => sum + entry.records, 0);
    this.#counts.adopted += records;
    this.#waitingRecords += records;
    this.#waiting.unshift(...entries);
    this.#startSending();
  }

  /** Our files were taken for abandoned: whoever has them sends what we do not remember. */
  #writeAgain(): void {
    this.#fail('spool_failures', 'the spool was taken for abandoned');
    const lost = this.#waiting.filter(({ spooled }) => spooled !== null && isGone(spooled));
    for (const entry of lost) {
      entry.spooled = null;
      if (entry.bytes === null) this.#waitingRecords -= entry.records;
    }
    this.#waiting = this.#waiting.filter((entry) => entry.bytes !== null || entry.spooled !== null);
    this.#unspooled.unshift(...lost.filter(({ bytes }) => bytes !== null));
    this.#startSpooling();
  }

  #fail(what: 'send_failures' | 'spool_failures', reason: string): void {
    this.#failures[what] += 1;
    this.#failures.last_failure = reason;
    this.#options.onFailure(what, reason);
  }
}

const NOTHING = { status: 'taken', rejected: 0 } as const;
