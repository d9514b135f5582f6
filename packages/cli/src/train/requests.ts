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

/** The requests of a fold, slates first, at most as many as the plan says, drawn by its seed. */
export function requestsOf(
  log: TrainingLog,
  history: ActorHistory,
  plan: TrainingPlan,
  fold: FoldPlan,
): ReplayedRequest[] {
  const random = seededRandom(plan.seed);
  return [...slateRequests(log, history, plan, fold, random), ...windowRequests(log, history, plan, fold, random)];
}

/** What was shown in the fold's window, as long as 24 hours of what followed are in the data. */
function slateRequests(
  log: TrainingLog,
  history: ActorHistory,
  plan: TrainingPlan,
  fold: FoldPlan,
  random: () => number,
): ReplayedRequest[] {
  if (plan.rows.slates === null) return [];
  const end = Math.min(fold.labelUntilS, plan.untilS - ATTRIBUTION_S);
  const shown = log.slates.filter((slate) => slate.timeS >= fold.untilS && slate.timeS < end);
  return sampleOf(shown, plan.rows.slates.listsMax, random).map((slate) => ({
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
 * one that excludes what they bought before. Purchase data labels purchases only. Who came after the cut-off is asked
 * for later, once something is known of them: that is how anonymous sessions are met.
 */
function windowRequests(
  log: TrainingLog,
  history: ActorHistory,
  plan: TrainingPlan,
  fold: FoldPlan,
  random: () => number,
): ReplayedRequest[] {
  const { listsMax, newOnlyShare } = plan.rows.windows;
  const active: { actor: number; nowS: number; labels: Labels }[] = [];
  for (let actor = 0; actor < log.actorCount; actor++) {
    const nowS = plan.rows.slates === null ? fold.untilS : firstKnownS(log, history, actor, fold.untilS);
    const labels = windowLabels(log, history, actor, nowS, fold.labelUntilS);
    if (labels.size > 0) active.push({ actor, nowS, labels });
  }
  const requests: ReplayedRequest[] = [];
  for (const { actor, nowS, labels } of sampleOf(active, listsMax, random)) {
    const request = { actor, nowS, surface: undefined, device: undefined, category: null, slate: null };
    requests.push({ ...request, excluded: NONE, labels });
    if (random() >= newOnlyShare) continue;
    const excluded = boughtBefore(log, history, actor, nowS);
    if (excluded.length > 0) requests.push({ ...request, excluded, labels });
  }
  return requests;
}

/** `fromS`, or for an actor without earlier events the moment of its next event after the first one. */
function firstKnownS(log: TrainingLog, history: ActorHistory, actor: number, fromS: number): number {
  const times = Array.from(history.between(actor, -Infinity, Infinity), (event) => log.timesS[event]!);
  const firstS = times[0] ?? Infinity;
  return firstS < fromS ? fromS : (times.find((timeS) => timeS > firstS) ?? Infinity);
}

function boughtBefore(log: TrainingLog, history: ActorHistory, actor: number, untilS: number): Int32Array {
  const rows = new Set<number>();
  for (const event of history.between(actor, -Infinity, untilS))
    if (log.types[event] === EVENT_CODE.purchase) rows.add(log.rows[event]!);
  return Int32Array.from(rows);
}
