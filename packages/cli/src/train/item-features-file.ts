import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { ItemFeatureTable, type FeatureCatalog } from '@shortlist/core/features/item-table.ts';
import { countBefore, type TrainingLog } from './training-log.ts';

/**
 * The resident item features [N, Di] as of `untilS`: all events and shown slates before it, replayed in time order.
 * A release ships them as item-features.f32, and a fold's rows are made with those of its cut-off, for the same reason:
 * until counters arrive live, a pod's item features stand still at the end of the training data.
 */
export function itemFeaturesAt(log: TrainingLog, catalog: FeatureCatalog, untilS: number): Float32Array {
  const table = new ItemFeatureTable(catalog);
  const until = countBefore(log, untilS);
  for (let e = 0; e < until; e++) table.apply(log.actors[e]!, log.rows[e]!, log.types[e]!, log.timesS[e]!);
  for (const slate of log.slates) {
    if (slate.timeS >= untilS) break;
    for (const row of slate.rows) if (row >= 0) table.apply(slate.actor, row, EVENT_CODE.impression, slate.timeS);
  }
  table.refreshAll(untilS);
  return table.values;
}
