import { ExposureMemory } from './exposure-memory.ts';
import { RecordQueue, type RecordSink } from './record-queue.ts';

export interface RecorderLimits {
  readonly recordsQueueMax: number;
  readonly recordsFlushMs: number;
  readonly exposureMemoryMax: number;
}

/** What the record stage writes to. */
export interface Recorder {
  readonly queue: RecordQueue;
  readonly exposures: ExposureMemory;
}

export function createRecorder(sink: RecordSink, limits: RecorderLimits): Recorder {
  const exposures = new ExposureMemory(limits.exposureMemoryMax);
  const queue = new RecordQueue(sink, {
    recordsMax: limits.recordsQueueMax,
    flushMs: limits.recordsFlushMs,
    onDropped: () => exposures.clear(),
  });
  return { queue, exposures };
}
