import { createHash } from 'node:crypto';
import type { ParametersPatch } from '@shortlist/core/contracts/effective-parameters.ts';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { FEATURE_HASH } from '@shortlist/core/features/definitions.ts';
import { countBefore, type TrainingLog } from './training-log.ts';

const DAY_S = 86_400;
/** Labels of purchase data: what is bought within a month after the cut-off (research/quality.md). */
const LABEL_WINDOW_DAYS = 30.5;
/** Data that spans less takes a window of this share of its span, so that four cut-offs leave most of it for history. */
const LONG_SPAN_DAYS = 180;
const SHORT_WINDOW_SHARE = 1 / 8;
const PURCHASE_FOLDS = 4;
const SLATE_FOLDS = 2;
/** Share of the span that the slates of one fold cover. */
const SLATE_WINDOW_SHARE = 1 / 6;
/** Fewer labelled events than this make no fold worth fitting. */
const FOLD_LABELS_MIN = 50;

/** One ranker cut-off: sources see only what lies before `untilS`, labels lie in [untilS, labelUntilS). */
export interface FoldPlan {
  readonly name: string;
  readonly untilS: number;
  readonly labelUntilS: number;
}

export interface TrainingPlan {
  readonly dataset: string;
  readonly seed: number;
  /** `window`: everybody's events in the window after the cut-off; `slates`: what was shown after it, and those. */
  readonly labels: 'window' | 'slates';
  readonly fromS: number;
  /** End of the training data; no event from here on is used for anything. */
  readonly untilS: number;
  /** Of catalogue, events and slates in the window (sha256): other data makes another run. */
  readonly dataDigest: string;
  /** Of what fits models (code-digest.ts): other code makes another run. */
  readonly codeDigest: string;
  readonly counts: {
    readonly events: number;
    readonly items: number;
    readonly actors: number;
    readonly slates: number;
  };
  readonly folds: readonly FoldPlan[];
  /** Laid over the default parameters, in the folds and in the release. */
  readonly parameters: ParametersPatch;
  readonly rows: RowsPlan;
  readonly featureHash: string;
}

/** How the ranker's rows are drawn from the candidate lists. */
interface RowsPlan {
  /** Lists that were shown; null where the data has none. */
  readonly slates: ListsPlan | null;
  /** Lists that serving would have ranked, labelled by the window after them. */
  readonly windows: ListsPlan & {
    /** Share of the actors who get a second list, without what they bought before: the request that allows no repeats. */
    readonly newOnlyShare: number;
  };
}

interface ListsPlan {
  /** Lists per fold. */
  readonly listsMax: number;
  /** Random negatives kept per list; their weight makes up for the rest. */
  readonly negativesMax: number;
}

/** Slates and purchase windows of `log` cut into folds. `untilS`: end of the training data, by default after its last event. */
export function makePlan(
  log: TrainingLog,
  options: { dataset: string; seed: number; codeDigest: string; untilS?: number },
): TrainingPlan {
  const fromS = log.timesS[0] ?? 0;
  const untilS = options.untilS ?? (log.timesS[log.count - 1] ?? 0) + 1;
  const labels = log.slates.length > 0 ? 'slates' : 'window';
  const candidates = labels === 'slates' ? slateFolds(fromS, untilS) : windowFolds(fromS, untilS);
  const folds = candidates.filter((fold) => isWorthwhile(log, fold)).map((fold, i) => ({ ...fold, name: `fold-${i}` }));
  return {
    dataset: options.dataset,
    seed: options.seed,
    labels,
    fromS,
    untilS,
    dataDigest: digestOf(log),
    codeDigest: options.codeDigest,
    counts: { events: log.count, items: log.items.length, actors: log.actorCount, slates: log.slates.length },
    folds,
    parameters: parametersFor(log),
    rows: {
      slates: labels === 'slates' ? { listsMax: 6_000, negativesMax: 20 } : null,
      windows: { listsMax: 3_000, negativesMax: 110, newOnlyShare: labels === 'slates' ? 0 : 0.5 },
    },
    featureHash: FEATURE_HASH,
  };
}

/** Names the run: the same data, options and code give the same folder, so that an interrupted run is resumed. */
export function planDigest(plan: TrainingPlan): string {
  return createHash('sha256').update(JSON.stringify(plan)).digest('hex').slice(0, 12);
}

function digestOf(log: TrainingLog): string {
  const hash = createHash('sha256');
  for (const { itemId, title, category, brand, price, available, createdAtS } of log.items)
    hash.update(JSON.stringify([itemId, title, category, brand, price, available, createdAtS]));
  for (const column of [log.actors, log.rows, log.types, log.timesS, log.requests, log.positions])
    hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  for (const { actor, timeS, rows } of log.slates) hash.update(JSON.stringify([actor, timeS, Array.from(rows)]));
  return hash.digest('hex');
}

function windowFolds(fromS: number, untilS: number): FoldPlan[] {
  const spanDays = (untilS - fromS) / DAY_S;
  const windowS = (spanDays > LONG_SPAN_DAYS ? LABEL_WINDOW_DAYS : spanDays * SHORT_WINDOW_SHARE) * DAY_S;
  return Array.from({ length: PURCHASE_FOLDS }, (_, i) => {
    const labelUntilS = untilS - i * windowS;
    return { name: '', untilS: labelUntilS - windowS, labelUntilS };
  });
}

function slateFolds(fromS: number, untilS: number): FoldPlan[] {
  const windowS = (untilS - fromS) * SLATE_WINDOW_SHARE;
  return Array.from({ length: SLATE_FOLDS }, (_, i) => {
    const labelUntilS = untilS - i * windowS;
    return { name: '', untilS: labelUntilS - windowS, labelUntilS };
  });
}

function isWorthwhile(log: TrainingLog, fold: FoldPlan): boolean {
  const from = countBefore(log, fold.untilS);
  const until = countBefore(log, fold.labelUntilS);
  return from >= FOLD_LABELS_MIN && until - from >= FOLD_LABELS_MIN;
}

/**
 * What the data says about the defaults: how far back a profile must reach to hold 99 of 100 users whole, and, for shops
 * small enough, longer lists from the collaborative sources, since their scores are the ranker's best features.
 */
function parametersFor(log: TrainingLog): ParametersPatch {
  const perActor = new Int32Array(log.actorCount);
  for (const actor of log.actors) perActor[actor]! += 1;
  const sorted = perActor.filter((count) => count > 0).sort();
  const p99 = sorted[Math.floor(0.99 * (sorted.length - 1))] ?? 0;
  const profileEventsMax = Math.min(2000, Math.max(100, Math.ceil(p99 / 100) * 100));
  const small = log.items.length <= 10_000;
  const purchasesOnly = log.types.every((type) => type === EVENT_CODE.purchase);
  return {
    profileEventsMax,
    ...(small
      ? { sources: { two_tower: 300, co_visitation: 300, item_item: 400, ials: 300, user_user: 400, content: 150 } }
      : {}),
    // Who buys from a wholesaler wants the most likely goods, not variety of them: there is no slate to keep lively.
    ...(purchasesOnly ? { sources: { ...PURCHASE_SOURCES }, diversity: { lambda: 0 } } : {}),
  };
}

const PURCHASE_SOURCES = {
  two_tower: 300,
  co_visitation: 300,
  item_item: 500,
  ials: 300,
  user_user: 500,
  content: 200,
  category: 0,
  repeats: 500,
  trending: 150,
  popular: 150,
  new_items: 20,
};
