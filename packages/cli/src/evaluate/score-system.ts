import type { EvaluationRow, Segment } from '@shortlist/core/contracts/evaluation.ts';
import { bootstrapMeans } from '@shortlist/core/statistics/bootstrap.ts';
import { CUTOFFS, METRIC_COUNT, METRICS, scoreList } from '@shortlist/core/statistics/ranking-metrics.ts';
import { WARM_EVENTS_MIN, type EvaluationUnit } from './unit.ts';

/** Ranked rows of one system, one list per unit, best first. */
export type RankedLists = readonly ArrayLike<number>[];

const inSegment: Readonly<Record<Exclude<Segment, 'unseen_item'>, (unit: EvaluationUnit) => boolean>> = {
  all: (unit) => unit.kind === 'user' && unit.history.itemIds.length > 0,
  warm: (unit) => unit.kind === 'user' && unit.history.itemIds.length >= WARM_EVENTS_MIN,
  cold: (unit) => unit.kind === 'user' && unit.history.itemIds.length < WARM_EVENTS_MIN,
  anonymous: (unit) => unit.kind === 'session',
};

/**
 * Every metric of one system in every segment that has units, with bootstrap intervals, and its catalogue coverage.
 *
 * `lists[i]` belongs to `units[i]`. Relevant items that training never saw are no part of `all`: a list cannot hold
 * them unless the release knows them, and they are reported as the segment `unseen_item`.
 */
export function scoreSystem(
  system: string,
  units: readonly EvaluationUnit[],
  lists: RankedLists,
  itemCount: number,
): EvaluationRow[] {
  const scored = units.map((unit, i) => ({ unit, list: lists[i]! })).filter(({ unit }) => unit.truth.size > 0);
  const rows: EvaluationRow[] = [];
  for (const [segment, belongs] of Object.entries(inSegment) as [Segment, (unit: EvaluationUnit) => boolean][]) {
    const members = scored.filter(({ unit }) => belongs(unit));
    if (members.length === 0 && segment !== 'all') continue;
    rows.push(...metricRows(system, segment, members));
  }
  rows.push(...unseenRows(system, units), ...coverageRows(system, lists, itemCount));
  return rows;
}

function metricRows(
  system: string,
  segment: Segment,
  members: readonly { unit: EvaluationUnit; list: ArrayLike<number> }[],
): EvaluationRow[] {
  const values = new Float64Array(members.length * METRIC_COUNT);
  members.forEach(({ unit, list }, i) => scoreList(list, unit.truth, values, i * METRIC_COUNT));
  const intervals = bootstrapMeans(values, METRIC_COUNT);
  return CUTOFFS.flatMap((k, c) =>
    METRICS.map((metric, m) => ({
      system,
      segment,
      metric,
      k,
      ...intervals[c * METRICS.length + m]!,
      users: members.length,
    })),
  );
}

/** No system here can name an item that its release does not hold: the recall of such items is zero, and is said so. */
function unseenRows(system: string, units: readonly EvaluationUnit[]): EvaluationRow[] {
  const users = units.filter((unit) => unit.unseenTruth.length > 0).length;
  if (users === 0) return [];
  return CUTOFFS.map((k) => ({
    system,
    segment: 'unseen_item',
    metric: 'recall',
    k,
    value: 0,
    low: 0,
    high: 0,
    users,
  }));
}

/** Share of the catalogue that appears in at least one list; no sampling error is stated for it. */
function coverageRows(system: string, lists: RankedLists, itemCount: number): EvaluationRow[] {
  return CUTOFFS.map((k) => {
    const seen = new Set<number>();
    for (const list of lists) for (let i = 0; i < Math.min(k, list.length); i++) seen.add(list[i]!);
    const value = seen.size / itemCount;
    return { system, segment: 'all', metric: 'coverage', k, value, low: value, high: value, users: lists.length };
  });
}
