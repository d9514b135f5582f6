import { LOG_KIND } from '@shortlist/core/contracts/log.ts';
import type { LogLane } from '@shortlist/core/stores/event-log.ts';
import { slatesPayload } from '@shortlist/core/stores/log-payloads.ts';
import type { AcceptedRecord } from './accept-record.ts';

/**
 * Stores the records and tells the log's consumers of slates that are new, in one transaction that is on disk when this
 * returns: 1 = kept now, 0 = duplicate; parallel.
 */
export function commitRecords(lane: LogLane, records: readonly AcceptedRecord[]): Promise<readonly number[]> {
  const slates = records.flatMap((record) => ('slate' in record ? [record.slate] : []));
  const exposures = records.flatMap((record) => ('exposure' in record ? [record.exposure] : []));
  return lane.write(async (stores, tell, place) => {
    const slateIsFresh = await stores.impressions.record(slates, place);
    const exposureIsKept = await stores.exposures.record(exposures, place);
    // Also of none: the rows' place in the log must be taken, so that the next batch comes behind them.
    if (slateIsFresh.includes(1) || exposureIsKept.includes(1))
      tell({ kind: LOG_KIND.slates, payload: slatesPayload(slates.filter((_, i) => slateIsFresh[i] === 1)) });
    let nextSlate = 0;
    let nextExposure = 0;
    return records.map((record) => ('slate' in record ? slateIsFresh[nextSlate++]! : exposureIsKept[nextExposure++]!));
  });
}
