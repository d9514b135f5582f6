import type { NewEvent } from '../event-store.ts';
import type { ImportProgress } from '../import-progress-store.ts';
import type { Impression } from '../impression-store.ts';
import type { Item } from '../item-store.ts';

/** What the memory stores of one dataset share. */
export interface MemoryState {
  readonly items: Map<string, Item>;
  readonly events: (NewEvent & { readonly seq: number })[];
  /** Index in `events` by event id. */
  readonly eventIndex: Map<string, number>;
  readonly impressions: Map<string, Impression>;
  /** By digest and source. */
  readonly importProgress: Map<string, ImportProgress>;
}

export const emptyState = (): MemoryState => ({
  items: new Map(),
  events: [],
  eventIndex: new Map(),
  impressions: new Map(),
  importProgress: new Map(),
});

/** A time as PostgreSQL would keep it. */
export const toMicroseconds = (timeS: number): number => Math.round(timeS * 1e6) / 1e6;
