import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { ParquetWriter } from 'hyparquet-writer';
import { fileWriter } from 'hyparquet-writer/src/node.js';
import type { PrecomputedSlate } from './precompute.ts';

/** One row per slot: what tools for e-mail and push join by user. */
const SCHEMA = [
  { name: 'root', num_children: 6 },
  { name: 'user_id', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
  { name: 'slot', type: 'INT32', repetition_type: 'REQUIRED' },
  { name: 'item_id', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
  { name: 'score', type: 'DOUBLE', repetition_type: 'REQUIRED' },
  { name: 'tier', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
  { name: 'model_version', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
] as const;

/** Slates per row group: bounds the memory. */
const SLATES_PER_GROUP = 10_000;

/** Turns the lines of `jsonl` into a Parquet file with one row per slot, in bounded memory. */
export async function writeParquet(jsonl: string, parquet: string): Promise<void> {
  const writer = new ParquetWriter({ writer: fileWriter(parquet), schema: [...SCHEMA] });
  let group: PrecomputedSlate[] = [];
  const flush = async () => {
    const rows = group.flatMap((slate) => slate.items.map((item, i) => ({ slate, item, slot: i + 1 })));
    if (rows.length > 0) {
      await writer.write({
        columnData: [
          { name: 'user_id', data: rows.map(({ slate }) => slate.user_id) },
          { name: 'slot', data: rows.map(({ slot }) => slot) },
          { name: 'item_id', data: rows.map(({ item }) => item.item_id) },
          { name: 'score', data: rows.map(({ item }) => item.score) },
          { name: 'tier', data: rows.map(({ slate }) => slate.tier) },
          { name: 'model_version', data: rows.map(({ slate }) => slate.model_version) },
        ],
      });
    }
    group = [];
  };
  for await (const line of createInterface({ input: createReadStream(jsonl), crlfDelay: Infinity })) {
    group.push(JSON.parse(line) as PrecomputedSlate);
    if (group.length === SLATES_PER_GROUP) await flush();
  }
  await flush();
  await writer.finish();
}
