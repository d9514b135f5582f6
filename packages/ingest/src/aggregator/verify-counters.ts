import type { Pool, PoolClient } from 'pg';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { LOG_KIND, type LogOffsets } from '@shortlist/core/contracts/log.ts';
import type { Purchases, StoredCounters } from '@shortlist/core/stores/counter-store.ts';
import { differingBuyers, type ItemShard } from '@shortlist/core/stores/postgres/counted-history.ts';
import { pairOf, PostgresCounterStore } from '@shortlist/core/stores/postgres/counter-store.ts';
import { RecountStore } from '@shortlist/core/stores/postgres/recount-store.ts';
import { PostgresLogTail } from '@shortlist/core/stores/postgres/log-tail.ts';
import { transactionSession } from '@shortlist/core/stores/postgres/session.ts';
import { CounterState, sameCounters } from './counter-state.ts';
import { PendingPurchases } from './pending-purchases.ts';
import { recomputeCounters, type RecountProgress } from './recount.ts';
import { shardName } from './shard.ts';

const PENDING_EVENTS_MAX = 20_000;
const EXAMPLES_MAX = 20;

export interface CountersVerdict {
  readonly itemsCompared: number;
  /** Events of the log that the consumer had not worked in; they were added to what it has stored. */
  readonly eventsPending: number;
  readonly differences: number;
  /** Some of them, in words. */
  readonly examples: readonly string[];
  /** Why nothing could be compared; null: all was. */
  readonly incomparable: string | null;
}

/**
 * Compares stored counters with what the whole log says, in one snapshot: stored at its offsets, plus the batches that
 * the consumer has yet to work in, must equal the recomputation to the last unit.
 */
export async function verifyCounters(
  pool: Pool,
  shard: ItemShard,
  progress?: RecountProgress,
): Promise<CountersVerdict> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    return await compare(client, shard, progress);
  } finally {
    await client.query('ROLLBACK').catch((error: Error) => (broken = error));
    client.release(broken);
  }
}

async function compare(client: PoolClient, shard: ItemShard, progress?: RecountProgress): Promise<CountersVerdict> {
  const name = shardName('counters', shard);
  const { rows } = await client.query<{ offsets: LogOffsets }>('SELECT offsets FROM consumers WHERE name = $1', [name]);
  if (rows[0] === undefined) return incomparable(`consumer ${name} has never run`);
  if ((await new RecountStore(client, name, shard).position()) !== undefined)
    return incomparable(`${name} are being recounted`);
  const store = new PostgresCounterStore(client);
  const stored = new CounterState(shard);
  for await (const batch of store.stream()) for (const one of batch) stored.load(one);
  const pending = await addPending(client, rows[0].offsets, stored, store);
  if (typeof pending === 'string') return incomparable(pending);
  const expected = await recomputeCounters(client, shard, progress);
  const examples: string[] = [];
  let differences = 0;
  const differs = (example: string) => {
    differences += 1;
    if (examples.length < EXAMPLES_MAX) examples.push(example);
  };
  const itemIds = new Set([...stored.itemIds, ...expected.itemIds]);
  for (const itemId of itemIds) {
    const [is, shouldBe] = [stored, expected].map((state) => state.stored(state.rowOf(itemId)));
    if (!sameCounters(is!, shouldBe!)) differs(describe(is!, shouldBe!));
  }
  for await (const batch of differingBuyers(client, shard)) {
    for (const { itemId, unit, kept, said } of batch) {
      const isNow = pending.buyers.get(pairOf({ itemId, unit })) ?? kept;
      if (isNow?.firstS === said?.firstS && isNow?.lastS === said?.lastS) continue;
      differs(`buyer of ${itemId}: stored ${JSON.stringify(isNow)}, log ${JSON.stringify(said)}`);
    }
  }
  return { itemsCompared: itemIds.size, eventsPending: pending.events, differences, examples, incomparable: null };
}

/** Adds what the consumer has yet to work in to `state`; a reason when that cannot be told without writing. */
async function addPending(
  client: PoolClient,
  from: LogOffsets,
  state: CounterState,
  store: PostgresCounterStore,
): Promise<{ readonly events: number; readonly buyers: ReadonlyMap<string, Purchases> } | string> {
  const tail = new PostgresLogTail(transactionSession(client));
  const offsets: Record<string, number> = { ...from };
  const purchases = new PendingPurchases();
  let events = 0;
  for (;;) {
    const batches = await tail.read(offsets, PENDING_EVENTS_MAX);
    if (batches.length === 0) break;
    for (const batch of batches) {
      offsets[batch.writer] = batch.batch;
      if (batch.kind === LOG_KIND.items) continue;
      if (batch.kind === LOG_KIND.slates) {
        state.applySlates(batch.payload);
        events += batch.count;
        continue;
      }
      if (batch.kind !== LOG_KIND.events) return 'a merge, a retraction or a reset of the log waits to be worked in';
      const { itemIds, types, timesS } = batch.payload;
      for (let i = 0; i < itemIds.length; i++) {
        state.apply(itemIds[i]!, types[i]!, timesS[i]!);
        if (types[i] === EVENT_CODE.purchase && state.rowOf(itemIds[i]!) >= 0) purchases.add(batch.payload, i);
      }
      events += batch.count;
    }
  }
  const merged = await store.mergedSessions(purchases.anonymousSessions());
  if (merged.size > 0) return 'a purchase of a session that was merged waits to be worked in';
  const { put, changes } = await store.planPurchases(purchases.all());
  for (const change of changes) state.applyBuyer(change);
  return { events, buyers: new Map(put.map((one) => [pairOf(one), one])) };
}

const incomparable = (reason: string): CountersVerdict => ({
  itemsCompared: 0,
  eventsPending: 0,
  differences: 0,
  examples: [],
  incomparable: reason,
});

function describe(is: StoredCounters, shouldBe: StoredCounters): string {
  const text = ({ sums, firstPurchaseS, lastPurchaseS }: StoredCounters) =>
    `[${Array.from(sums).join(' ')}] ${firstPurchaseS} ${lastPurchaseS}`;
  return `item ${is.itemId}: stored ${text(is)}, log ${text(shouldBe)}`;
}
