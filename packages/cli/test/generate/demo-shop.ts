import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_PARAMETERS, type GeneratorParameters } from '../../src/generate/parameters.ts';
import { generateShop } from '../../src/generate/shop-writer.ts';

export interface EventLine {
  readonly event_id: string;
  readonly user_id?: string;
  readonly session_id: string;
  readonly item_id: string;
  readonly type: string;
  readonly timestamp: string;
  readonly request_id?: string;
  readonly position?: number;
}

export interface ImpressionLine {
  readonly request_id: string;
  readonly session_id: string;
  readonly timestamp: string;
  readonly items: readonly string[];
  readonly propensities: readonly number[];
}

export interface ItemLine {
  readonly item_id: string;
  readonly title: string;
  readonly category: string;
  readonly brand: string;
  readonly price: number;
  readonly available: boolean;
  readonly created_at: string;
}

/** A folder of its own for one test file; `remove` it afterwards. */
export async function scratchFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'shortlist-generate-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Makes a shop and reads everything back. */
export async function makeShop(folder: string, changed: Partial<GeneratorParameters> = {}) {
  const { description, reused } = await generateShop({ parameters: { ...DEFAULT_PARAMETERS, ...changed }, folder });
  return {
    description,
    reused,
    items: await readLines<ItemLine>(join(folder, 'items.jsonl')),
    events: await readLines<EventLine>(join(folder, 'events.jsonl')),
    impressions: await readLines<ImpressionLine>(join(folder, 'impressions.jsonl')),
  };
}

async function readLines<T>(path: string): Promise<T[]> {
  const text = await readFile(path, 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
}
