import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import {
  estimateEvents,
  gatherPurchases,
  streamCounted,
  streamPurchases,
  type ItemShard,
} from '@shortlist/core/stores/postgres/counted-history.ts';
import type { PoolClient } from 'pg';
import { COUNTED_TYPES, CounterState } from './counter-state.ts';

export type RecomputeProgress = (doneEvents: number, totalEvents: number) => void;

/**
 * A shard's counters from the whole log as the open transaction (REPEATABLE READ) sees it. Leaves who bought what in
 * the temporary table of `gatherPurchases`. One pass, nothing is sorted; memory is that of the counters.
 */
export async function recomputeCounters(
  client: PoolClient,
  shard: ItemShard,
  progress: RecomputeProgress = () => undefined,
): Promise<CounterState> {
  const state = new CounterState(shard);
  const total = await estimateEvents(client);
  let done = 0;
  const options = { shard, types: COUNTED_TYPES, impressionCode: EVENT_CODE.impression };
  for await (const { itemIds, types, timesS } of streamCounted(client, options)) {
    for (let i = 0; i < itemIds.length; i++) state.apply(itemIds[i]!, types[i]!, timesS[i]!);
    done += itemIds.length;
    progress(done, Math.max(total, done));
  }
  await gatherPurchases(client, shard, EVENT_CODE.purchase);
  for await (const purchases of streamPurchases(client))
    for (const { itemId, firstS } of purchases) state.applyBuyer({ itemId, oldFirstS: 0, newFirstS: firstS });
  progress(done, done);
  return state;
}
