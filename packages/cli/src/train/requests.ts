import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { ATTRIBUTION_S, slateLabels, windowLabels, type Labels } from './labels.ts';
import type { FoldPlan, TrainingPlan } from './plan.ts';
import { sampleOf } from './row-sampling.ts';
import type { ActorHistory, Slate, TrainingLog } from './training-log.ts';

/** One past request to answer again, with what its user did afterwards. */
export interface ReplayedRequest {
  readonly actor: number;
  readonly nowS: number;
  readonly surface: string | undefined;
  readonly device: string | undefined;
  readonly category: string | null;
  /** What was shown, or null where nothing is known of it. */
  readonly slate: Slate | null;
  /** Rows that must not come back: what the user bought before, for a request without repeats. */
  readonly excluded: Int32Array;
  readonly labels: Labels;
}

const NONE = new Int32Array(0);

/** The requests of a fold, at most `plan.rows.listsMax` (and their second lists), drawn by the plan's seed. */
export function requestsOf(
  log: TrainingLog,
  history: ActorHistory,
  plan: TrainingPlan,
  fold: FoldPlan,
): ReplayedRequest[] {
  const random = seededRandom(plan.seed);
  return plan.labels === 'slates'
    ? slateRequests(log, history, plan, fold, random)
    : windowRequests(log, history, plan, fold, random);
}

/** What was shown in the fold's window, as long as 24 hours of what followed are in the data. */
function slateRequests(
  log: TrainingLog,
  history: ActorHistory,
  plan: TrainingPlan,
  fold: FoldPlan,
  random: () => number,
): ReplayedRequest[] {
  const end = Math.min(fold.labelUntilS, plan.untilS - ATTRIBUTION_S);
  const shown = log.slates.filter((slate) => slate.timeS >= fold.untilS && slate.timeS < end);
  return sampleOf(shown, plan.rows.listsMax, random).map((slate) => ({
    actor: slate.actor,
    nowS: slate.timeS,
    surface: slate.surface,
    device: slate.device,
    category: slate.category,
    slate,
    excluded: NONE,
    labels: slateLabels(log, history, slate),
  }));
}

/**
 * One request at the cut-off for everybody who did something in the window after it, and for a share of them a second
 * one that excludes what they bought before. Purchase data labels purchases only.
 */
function windowRequests(
  log: TrainingLog,
  history: ActorHistory,
  plan: TrainingPlan,
  fold: FoldPlan,
  random: () => number,
): ReplayedRequest[] {
  const active: { actor: number; labels: Labels }[] = [];
  for (let actor = 0; actor < log.actorCount; actor++) {
    const labels = windowLabels(log, history, actor, fold.untilS, fold.labelUntilS);
    if (labels.size > 0) active.push({ actor, labels });
  }
  const requests: ReplayedRequest[] = [];
  for (const { actor, labels } of sampleOf(active, plan.rows.listsMax, random)) {
    const request = { actor, nowS: fold.untilS, surface: undefined, device: undefined, category: null, slate: null };
    requests.push({ ...request, excluded: NONE, labels });
    if (random() >= plan.rows.newOnlyShare) continue;
    const excluded = boughtBefore(log, history, actor, fold.untilS);
    if (excluded.length > 0) requests.push({ ...request, excluded, labels });
  }
  return requests;
}

function boughtBefore(log: TrainingLog, history: ActorHistory, actor: number, untilS: number): Int32Array {
  const rows = new Set<number>();
  for (const event of history.between(actor, -Infinity, untilS))
    if (log.types[event] === EVENT_CODE.purchase) rows.add(log.rows[event]!);
  return Int32Array.from(rows);
}
