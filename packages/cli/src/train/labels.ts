import { EVENT_CODE, EVENT_WEIGHT } from '@shortlist/core/contracts/events.ts';
import type { ActorHistory, Slate, TrainingLog } from './training-log.ts';

/** How long after a slate an event on an item still counts as its effect, seconds. */
export const ATTRIBUTION_S = 86_400;

/** What an actor did with items after a request, by row: bit 0 = interest of any kind (click), bit 1 = purchase. */
export type Labels = Map<number, number>;
export const CLICK = 1;
export const CONVERSION = 2;

/**
 * Labels of the events of `actor` in [fromS, untilS): any event of interest (view, click, cart, wishlist, purchase) is a
 * click, a purchase is a conversion too.
 */
export function windowLabels(
  log: TrainingLog,
  history: ActorHistory,
  actor: number,
  fromS: number,
  untilS: number,
): Labels {
  const labels: Labels = new Map();
  for (const event of history.between(actor, fromS, untilS)) addLabel(labels, log, event);
  return labels;
}

/**
 * Labels of one shown slate: what the same user or session did with an item within 24 h of it, and whatever names this
 * slate as its cause. An event that names *another* slate is that one's effect and not counted here, unless it is a
 * purchase: the decision to buy may have begun with either.
 */
export function slateLabels(log: TrainingLog, history: ActorHistory, slate: Slate): Labels {
  const labels: Labels = new Map();
  for (const event of history.between(slate.actor, slate.timeS, slate.timeS + ATTRIBUTION_S)) {
    const cause = log.requests[event]!;
    if (cause >= 0 && cause !== slate.request && log.types[event] !== EVENT_CODE.purchase) continue;
    addLabel(labels, log, event);
  }
  return labels;
}

function addLabel(labels: Labels, log: TrainingLog, event: number): void {
  const type = log.types[event]!;
  if (EVENT_WEIGHT[type] === 0) return;
  const row = log.rows[event]!;
  labels.set(row, (labels.get(row) ?? 0) | CLICK | (type === EVENT_CODE.purchase ? CONVERSION : 0));
}
