import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import type { NewEvent } from '@shortlist/core/stores/event-store.ts';
import type { Exposure } from '@shortlist/core/stores/exposure-store.ts';
import type { Impression, RecordedSlate } from '@shortlist/core/stores/impression-store.ts';
import type { Item } from '@shortlist/core/stores/item-store.ts';

/** An event with nothing but what every event must have: a view of item `i1` by user `u1`, unless told otherwise. */
export const event = (eventId: string, changes: Partial<NewEvent> = {}): NewEvent => ({
  eventId,
  userId: 'u1',
  sessionId: null,
  itemId: 'i1',
  type: EVENT_CODE.view,
  occurredAtS: 1_700_000_000,
  value: null,
  quantity: null,
  surface: null,
  device: null,
  requestId: null,
  position: null,
  ...changes,
});

export const item = (itemId: string, changes: Partial<Item> = {}): Item => ({
  itemId,
  title: `Item ${itemId}`,
  category: 'books',
  brand: '',
  price: 2.5,
  available: true,
  createdAtS: 1_700_000_000.25,
  attributes: {},
  ...changes,
});

export const impression = (requestId: string, changes: Partial<Impression> = {}): Impression => ({
  requestId,
  userId: null,
  sessionId: 's1',
  occurredAtS: 1_700_000_000,
  surface: 'home',
  device: 'mobile',
  category: null,
  itemIds: ['i1', 'i2'],
  propensities: Float32Array.of(1, 0.25),
  ...changes,
});

/** What a pod says of an answer: the slate of `impression`, in no experiment. */
export const recorded = (requestId: string, changes: Partial<RecordedSlate> = {}): RecordedSlate => ({
  ...impression(requestId),
  release: 'release-1',
  tier: 'session',
  degraded: [],
  sources: ['trending', 'content'],
  teams: [],
  latencyMs: 4.5,
  error: null,
  sampled: 1,
  experiments: [],
  ...changes,
});

export const exposure = (unit: string, changes: Partial<Exposure> = {}): Exposure => ({
  experiment: 'ranker-2',
  version: 1,
  unit,
  assigned: 'treatment',
  served: 'treatment',
  reason: null,
  release: 'release-1',
  phase: 0,
  exposedAtS: 1_700_000_000,
  requestId: `of ${unit}`,
  ...changes,
});

export async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const batches: T[] = [];
  for await (const batch of stream) batches.push(batch);
  return batches;
}

/** Text that a careless encoding of rows would break. */
export const HOSTILE = [
  'tab\there',
  'line\nbreak',
  'back\\slash',
  '\\N',
  'quote"brace{,}',
  "o'brien",
  'Ünïcödé 🛒',
  '\\.',
];
