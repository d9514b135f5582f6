import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { CustomEventType } from '@shortlist/core/contracts/ingest.ts';
import { LANE_EVENTS_MAX, type LogLane } from '@shortlist/core/stores/event-log.ts';
import type { NewEvent } from '@shortlist/core/stores/event-store.ts';
import type { Rejected, RejectedFilter } from '@shortlist/core/stores/rejected-store.ts';
import type { TransactionalStores } from '@shortlist/core/stores/stores.ts';
import { createRecordAcceptor } from '@shortlist/ingest/records/accept-record.ts';
import { commitRecords } from '@shortlist/ingest/records/commit-records.ts';
import { RECORDS_SOURCE } from '@shortlist/ingest/records/record-intake.ts';
import { createAcceptor } from '@shortlist/ingest/events/accept-event.ts';
import { changeCatalogue, TOPICS } from '@shortlist/ingest/webhooks/shopify/work-in.ts';
import { longIntegersAsText, parseJsonBody } from '@shortlist/service/http/json-body.ts';

export interface ReplayOptions {
  readonly filter: RejectedFilter;
  readonly customTypes: readonly CustomEventType[];
  /** Payloads to take instead of the stored ones, by id; when given, only these are replayed. */
  readonly mended?: ReadonlyMap<number, Uint8Array>;
  readonly nowS: () => number;
  readonly progress: (done: number, total: number) => void;
}

export interface ReplayReport {
  readonly looked_at: number;
  readonly taken: number;
  /** Of those taken: they were stored under their id already. */
  readonly duplicates: number;
  /** Still rejected, by reason. */
  readonly still_rejected: Readonly<Record<string, number>>;
}

const BATCH = 1_000;
const SHOPIFY = 'shopify ';

/**
 * Takes rejected events again, after what was wrong with them (or with us) has been mended. What is taken is marked; what
 * still cannot be stays for another time. An event may be as old as it was when it came. Interrupted, or run twice:
 * nothing counts double.
 */
export async function replayRejected(stores: TransactionalStores, options: ReplayOptions): Promise<ReplayReport> {
  const lane = await stores.log.openLane();
  const report = { looked_at: 0, taken: 0, duplicates: 0, still: new Map<string, number>() };
  const total = await stores.rejected.count(options.filter);
  try {
    for (let afterId = 0; ;) {
      const batch = await stores.rejected.list(options.filter, afterId, BATCH);
      if (batch.length === 0) break;
      afterId = batch.at(-1)!.id;
      await replayBatch(stores, lane, batch, options, report);
      options.progress(report.looked_at, total);
    }
  } finally {
    await lane.close();
  }
  const { still, ...counts } = report;
  return { ...counts, still_rejected: Object.fromEntries(still) };
}

interface Counts {
  looked_at: number;
  taken: number;
  duplicates: number;
  readonly still: Map<string, number>;
}

async function replayBatch(
  stores: TransactionalStores,
  lane: LogLane,
  batch: readonly Rejected[],
  options: ReplayOptions,
  report: Counts,
): Promise<void> {
  const events: NewEvent[] = [];
  const taken: number[] = [];
  for (const rejected of batch) {
    const payload = options.mended === undefined ? rejected.payload : options.mended.get(rejected.id);
    if (payload === undefined) continue;
    report.looked_at += 1;
    try {
      events.push(...(await readAgain(lane, { ...rejected, payload }, options)));
      taken.push(rejected.id);
    } catch (error) {
      if (!(error instanceof ShortlistError)) throw error;
      const { code } = error;
      report.still.set(code, (report.still.get(code) ?? 0) + 1);
    }
  }
  for (let from = 0; from < events.length; from += LANE_EVENTS_MAX) {
    const stored = await lane.append(events.slice(from, from + LANE_EVENTS_MAX));
    report.duplicates += stored.reduce((sum, fresh) => sum + (fresh === 1 ? 0 : 1), 0);
  }
  // Only now: what is marked is on disk.
  await stores.rejected.markReplayed(taken);
  report.taken += taken.length;
}

/** The events of a payload; a pod's record is stored, a webhook's catalogue change is made here and now. Throws the coded reason why not. */
async function readAgain(lane: LogLane, rejected: Rejected, options: ReplayOptions): Promise<readonly NewEvent[]> {
  const bytes = Buffer.from(rejected.payload);
  if (rejected.source === RECORDS_SOURCE) {
    const accept = createRecordAcceptor({ pastSMax: Infinity, futureSMax: 0, nowS: options.nowS });
    await commitRecords(lane, [accept(parseJsonBody(bytes))]);
    return [];
  }
  if (!rejected.source.startsWith(SHOPIFY)) return [acceptorFor(rejected, options)(parseJsonBody(bytes))];
  const topic = rejected.source.slice(SHOPIFY.length);
  const read = TOPICS[topic];
  if (read === undefined) throw new ShortlistError('webhook_topic_unknown', { topic });
  const work = read(parseJsonBody(bytes, longIntegersAsText), options.nowS());
  if ('events' in work) return work.events;
  await changeCatalogue(lane, `rejected-${rejected.id}`, work.catalogue);
  return [];
}

/** Without a limit on age: it was young enough, or not, when it came. */
function acceptorFor(rejected: Rejected, { customTypes, nowS }: ReplayOptions): (value: unknown) => NewEvent {
  const accept = createAcceptor({ customTypes, pastSMax: Infinity, futureSMax: 0, nowS });
  return (value) => {
    const event = accept(value);
    const named = (value as { event_id?: unknown }).event_id !== undefined;
    // Without an id of its own it gets one that stays the same however often it is replayed.
    return named ? event : { ...event, eventId: `rejected-${rejected.id}` };
  };
}
