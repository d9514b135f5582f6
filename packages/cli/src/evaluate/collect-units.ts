import type { EvaluationMode } from '@shortlist/core/contracts/evaluation.ts';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import type { EventBatch, EventStore } from '@shortlist/core/stores/event-store.ts';
import { LABELS, type EvaluationUnit, type Label } from './unit.ts';

export interface Split {
  /** Training ends here and the test period begins, unix seconds. */
  readonly trainUntilS: number;
  readonly testUntilS: number;
  readonly label: Label;
  readonly mode: EvaluationMode;
}

/** Growing history and truth of one unit; `requestS` is Infinity until a slate would have been asked for. */
interface Draft {
  readonly kind: 'user' | 'session';
  readonly itemIds: string[];
  readonly types: number[];
  readonly timesS: number[];
  readonly truth: Set<string>;
  requestS: number;
}

/**
 * The units of a time split, in order of their ids.
 *
 * A user's slate is asked for when the test period begins; relevant is what it interacts with, by the label, until the
 * end. An anonymous session of the test period is cut where its first relevant event follows an earlier one: what came
 * before is its history. Two passes over the log: the test period says who matters, the training period gives them
 * their histories, so memory holds only those.
 */
export async function collectUnits(
  events: EventStore,
  rowOf: (itemId: string) => number,
  split: Split,
): Promise<EvaluationUnit[]> {
  const drafts = new Map<string, Draft>();
  const relevant = new Set<number>(LABELS[split.label].map((type) => EVENT_CODE[type]));
  for await (const batch of events.stream({ fromS: split.trainUntilS, beforeS: split.testUntilS }))
    for (let i = 0; i < batch.count; i++) readTestEvent(batch, i, relevant, split.trainUntilS, drafts);
  for await (const batch of events.stream({ beforeS: split.trainUntilS }))
    for (let i = 0; i < batch.count; i++) {
      const userId = batch.userIds[i];
      const draft = userId == null ? undefined : drafts.get(userKey(userId));
      if (draft !== undefined) append(draft, batch, i);
    }
  return [...drafts]
    .filter(([, draft]) => draft.truth.size > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, draft]) => finish(key.slice(1), draft, relevant, rowOf, split.mode));
}

const userKey = (id: string) => `u${id}`;
const sessionKey = (id: string) => `s${id}`;

function readTestEvent(
  batch: EventBatch,
  i: number,
  relevant: ReadonlySet<number>,
  trainUntilS: number,
  drafts: Map<string, Draft>,
): void {
  const userId = batch.userIds[i];
  const key = userId == null ? sessionKey(batch.sessionIds[i]!) : userKey(userId);
  let draft = drafts.get(key);
  if (draft === undefined) {
    const kind = userId == null ? 'session' : 'user';
    draft = { kind, itemIds: [], types: [], timesS: [], truth: new Set(), requestS: Infinity };
    if (kind === 'user') draft.requestS = trainUntilS;
    drafts.set(key, draft);
  }
  const isRelevant = relevant.has(batch.types[i]!);
  if (draft.requestS === Infinity && isRelevant && draft.itemIds.length > 0) draft.requestS = batch.timesS[i]!;
  if (draft.requestS === Infinity) append(draft, batch, i);
  else if (isRelevant) draft.truth.add(batch.itemIds[i]!);
}

function append(draft: Draft, batch: EventBatch, i: number): void {
  draft.itemIds.push(batch.itemIds[i]!);
  draft.types.push(batch.types[i]!);
  draft.timesS.push(batch.timesS[i]!);
}

function finish(
  id: string,
  draft: Draft,
  relevant: ReadonlySet<number>,
  rowOf: (itemId: string) => number,
  mode: EvaluationMode,
): EvaluationUnit {
  const bought = new Set<number>();
  draft.itemIds.forEach((itemId, i) => {
    const row = rowOf(itemId);
    if (row >= 0 && relevant.has(draft.types[i]!)) bought.add(row);
  });
  const truth = new Set<number>();
  const unseenTruth: string[] = [];
  for (const itemId of draft.truth) {
    const row = rowOf(itemId);
    if (row < 0) unseenTruth.push(itemId);
    else if (mode === 'all' || !bought.has(row)) truth.add(row);
  }
  return {
    id,
    kind: draft.kind,
    history: { itemIds: draft.itemIds, types: Uint8Array.from(draft.types), timesS: Float64Array.from(draft.timesS) },
    requestS: draft.requestS,
    truth,
    unseenTruth,
    bought,
  };
}
