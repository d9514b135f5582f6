import type { Exposure, ServingRecord, SlateRecord } from '@shortlist/core/contracts/serving-records.ts';
import type { RecordSink } from '../../src/pipeline.ts';
import type { RecordBatch } from '../../src/records/frames.ts';

const NOTHING_SENT = {
  ...{ waiting: 0, memory_bytes: 0, spool_bytes: 0, sent: 0, rejected: 0, spooled: 0, adopted: 0, torn_bytes: 0 },
  ...{ damaged: 0, send_failures: 0, spool_failures: 0, last_failure: null },
};

/** A sink that remembers what it was given, as whoever reads the lines sees it. */
export class KeptRecords implements RecordSink {
  readonly records: ServingRecord[] = [];
  readonly limits = { recordsQueueMax: 1_000, recordsFlushMs: 5, exposureMemoryMax: 100 };
  /** How many batches it has room for. */
  roomFor = Infinity;

  /** What a recommender needs to record here. */
  get options() {
    return { sink: this, limits: this.limits };
  }

  get slates(): readonly SlateRecord[] {
    return this.records.filter((record) => record.kind === 'slate');
  }

  get exposures(): readonly Exposure[] {
    return this.records.filter((record) => record.kind === 'exposure');
  }

  put({ bytes, records }: RecordBatch): boolean {
    if (this.roomFor-- <= 0) return false;
    const lines = bytes.toString().trimEnd().split('\n');
    if (lines.length !== records) throw new Error(`${lines.length} lines, not ${records}`);
    this.records.push(...lines.map((line) => JSON.parse(line) as ServingRecord));
    return true;
  }

  status() {
    return NOTHING_SENT;
  }
}
