import { createHash } from 'node:crypto';
import type { ItemShard } from '@shortlist/core/stores/postgres/counted-history.ts';

/** Everything. */
export const WHOLE: ItemShard = { index: 0, count: 1 };

/** Whether `id` is of this shard: the first 32 bits of its MD5, which PostgreSQL computes as well, modulo the count. */
export function isOfShard(id: string, { index, count }: ItemShard): boolean {
  if (count === 1) return true;
  return createHash('md5').update(id).digest().readUInt32BE(0) % count === index;
}

/** `counters`, or `counters:2/4` for the second of four. */
export const shardName = (name: string, { index, count }: ItemShard): string =>
  count === 1 ? name : `${name}:${index + 1}/${count}`;

const CONSUMERS = ['counters', 'projector'] as const;

/** Leases and consumers of all shards; without Redis nobody projects. */
export function namesOfAll(count: number, consumers: readonly (typeof CONSUMERS)[number][] = CONSUMERS) {
  const shards = Array.from({ length: count }, (_, index) => ({ index, count }));
  const named = (name: string) => shards.map((shard) => shardName(name, shard));
  return { leases: named('aggregator'), consumers: consumers.flatMap(named) };
}
