import type { AnalysisSubject } from '../decisions/evidence.ts';
import { columnOf, columnsOfMetric, MILLION, type UnitColumn } from '../metrics/quantities.ts';

/** Interleaving: outcomes by the ranker that chose the item. */
const CREDITS: readonly UnitColumn[] = [0, 1].map((team) => ({
  name: `credit_${team}`,
  of: 'attributed',
  addend: `CASE WHEN e.type = 2 AND s.teams[array_position(s.item_ids, e.item_id)] = ${team} THEN ${MILLION} ELSE 0 END`,
  eventTypes: [2],
}));

/**
 * What a unit table is made by. While it stays the same, the table goes on; another (a version more, too, whose first rows
 * may have been read past) means to make it anew.
 */
export interface AnalysisDefinition {
  readonly experiment: string;
  /** First configuration version of the phase. */
  readonly phase: number;
  readonly unit: 'user' | 'session';
  readonly versions: readonly number[];
  readonly variants: readonly string[];
  readonly attributionHours: number;
  readonly preperiodDays: number;
  readonly isInterleaving: boolean;
  readonly columns: readonly UnitColumn[];
}

export function definitionOf({ experiment, spec, unit, versions, metrics }: AnalysisSubject): AnalysisDefinition {
  const { preperiodDays, attributionHours } = spec.analysis;
  const columns = new Map<string, UnitColumn>();
  const add = (column: UnitColumn) => columns.set(column.name, column);
  // Always there: how much was asked for, and shown.
  add(columnOf({ slate: 'count' }));
  for (const metric of metrics.values()) columnsOfMetric(metric, preperiodDays > 0).columns.forEach(add);
  const isInterleaving = spec.type === 'interleaving';
  if (isInterleaving) CREDITS.forEach(add);
  return {
    experiment,
    phase: versions[0]!.version,
    unit,
    versions: versions.map(({ version }) => version),
    variants: spec.variants.map(({ name }) => name),
    attributionHours,
    preperiodDays,
    isInterleaving,
    columns: [...columns.values()],
  };
}
