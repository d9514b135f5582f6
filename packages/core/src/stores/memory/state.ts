import type { NewEvent } from '../event-store.ts';
import type { ImportProgress } from '../import-progress-store.ts';
import type { StoredExposure } from '../exposure-store.ts';
import type { Impression, StoredSlateExperiment } from '../impression-store.ts';
import type { StoredItem } from '../item-store.ts';
import type { LogBatch } from '../log-tail.ts';
import type { Rejected } from '../rejected-store.ts';
import type { ErasureReceipt, UserRecord } from '../user-store.ts';
import type { StockedVariant, StockLevel } from '../webhook-store.ts';
import type { LogOffsets } from '../../contracts/log.ts';
import { toMicroseconds } from '../item-change.ts';

export { toMicroseconds };

export interface MemoryEvent extends NewEvent {
  readonly seq: number;
  readonly receivedAtS: number;
}

export interface MemoryErasure {
  readonly receipt: ErasureReceipt;
  /** What consumers have to pass; absent when it is complete. */
  readonly pending?: LogOffsets;
}

/** What the memory stores of one dataset share: maps and arrays only, whose entries are replaced and never changed. */
export interface MemoryState {
  readonly items: Map<string, StoredItem>;
  readonly events: Map<string, MemoryEvent>;
  readonly impressions: Map<string, Impression>;
  /** Answers that were errors, by request id: nothing was shown. */
  readonly failedAnswers: Map<string, Impression>;
  /** By `exposureKey`. */
  readonly exposures: Map<string, StoredExposure>;
  /** By request and experiment. */
  readonly slateExperiments: Map<string, StoredSlateExperiment>;
  /** By digest and source. */
  readonly importProgress: Map<string, ImportProgress>;
  readonly users: Map<string, UserRecord>;
  /** User by session. */
  readonly sessionUsers: Map<string, string>;
  readonly erasures: Map<string, MemoryErasure>;
  readonly rejected: Map<number, Rejected>;
  /** When it came, unix seconds, by webhook id. */
  readonly webhookClaims: Map<string, number>;
  /** By inventory item. */
  readonly stockedVariants: Map<string, StockedVariant & { readonly itemId: string }>;
  /** By inventory item and place. */
  readonly stockLevels: Map<string, StockLevel>;
  /** By writer, then in order. */
  readonly log: Map<number, readonly LogBatch[]>;
  /** Numbers given last, by sequence. */
  readonly sequences: Map<'seq' | 'version' | 'rejected' | 'writer', number>;
}

export const emptyState = (): MemoryState => ({
  items: new Map(),
  events: new Map(),
  impressions: new Map(),
  failedAnswers: new Map(),
  exposures: new Map(),
  slateExperiments: new Map(),
  importProgress: new Map(),
  users: new Map(),
  sessionUsers: new Map(),
  erasures: new Map(),
  rejected: new Map(),
  webhookClaims: new Map(),
  stockedVariants: new Map(),
  stockLevels: new Map(),
  log: new Map(),
  sequences: new Map(),
});

/** The next number of a sequence, from 1. */
export function nextOf(state: MemoryState, sequence: 'seq' | 'version' | 'rejected' | 'writer'): number {
  const next = (state.sequences.get(sequence) ?? 0) + 1;
  state.sequences.set(sequence, next);
  return next;
}

/** Puts the contents of `source` in place of those of `target`. */
export function copyState(target: MemoryState, source: MemoryState): void {
  for (const name of Object.keys(target) as (keyof MemoryState)[]) {
    const [to, from] = [target[name] as Map<unknown, unknown>, source[name] as Map<unknown, unknown>];
    to.clear();
    for (const [key, value] of from) to.set(key, value);
  }
}
