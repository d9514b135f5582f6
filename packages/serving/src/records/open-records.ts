import { resolve } from 'node:path';
import type { Logger } from 'pino';
import type { Tracing } from '@shortlist/service/observe/tracing.ts';
import type { Config } from '../config.ts';
import type { RecordBatch } from './frames.ts';
import { RecordClient } from './record-client.ts';
import { RecordOutbox } from './record-outbox.ts';
import { RecordSpool } from './spool.ts';

const REPOSITORY = resolve(import.meta.dirname, '../../../..');
/** How long a pod that ends goes on sending; the rest stays in the spool. */
const CLOSE_WITHIN_MS = 2_000;
/** Failures repeat until they are mended; the status counts all of them. */
const LOG_EVERY_MS = 10_000;

/** The outbox of a pod. */
export interface Records {
  put(batch: RecordBatch): boolean;
  status(): ReturnType<RecordOutbox['status']>;
  close(): Promise<void>;
}

/** Null: nothing is recorded. A spool that cannot be made is no reason not to start: records wait in memory then. */
export async function openRecords(
  config: Config,
  log: Logger,
  tracing: Tracing | null = null,
): Promise<Records | null> {
  const { recordsUrl, recordsSpool, recordsSpoolBytesMax, recordsMemoryBytesMax, recordsTimeoutMs } = config;
  if (recordsUrl === '' && recordsSpool === '') {
    log.warn('no SHORTLIST_RECORDS_URL: slates and exposures are not recorded');
    return null;
  }
  const spool = recordsSpool === '' ? null : await openSpool(recordsSpool, recordsSpoolBytesMax, log);
  const outbox = new RecordOutbox({
    client: recordsUrl === '' ? null : new RecordClient(recordsUrl, recordsTimeoutMs, tracing),
    spool,
    memoryBytesMax: recordsMemoryBytesMax,
    onFailure: seldom(LOG_EVERY_MS, (what, reason) => log.warn({ what, reason }, 'records wait')),
  });
  return {
    put: (batch) => outbox.put(batch),
    status: () => outbox.status(),
    async close() {
      const lost = await outbox.close(CLOSE_WITHIN_MS);
      if (lost > 0)
        log.error({ records: lost }, 'records were lost: neither the ingest service nor the disk took them');
    },
  };
}

async function openSpool(folder: string, bytesMax: number, log: Logger): Promise<RecordSpool | null> {
  try {
    return await RecordSpool.open(resolve(REPOSITORY, folder), bytesMax);
  } catch (error) {
    log.error({ err: error }, 'the spool cannot be made: records wait in memory only');
    return null;
  }
}

/** Lets a call through when the last one was long ago. */
function seldom<Args extends unknown[]>(everyMs: number, call: (...args: Args) => void): (...args: Args) => void {
  let nextMs = 0;
  return (...args) => {
    if (performance.now() < nextMs) return;
    nextMs = performance.now() + everyMs;
    call(...args);
  };
}
