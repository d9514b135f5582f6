import type { AnalysisSubject } from '../decisions/evidence.ts';
import { columnOf, columnsOfMetric, MILLION, variablesOf, type UnitColumn } from '../metrics/quantities.ts';

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
  /** Numbers are of those units alone whose slates differ between variants. */
  readonly isTriggered: boolean;
  readonly columns: readonly UnitColumn[];
  /** Pairs of variables (SQL over the columns) that are tallied. The first is of nothing but units. */
  readonly pairs: readonly (readonly [y: string, x: string])[];
}

export function definitionOf({ experiment, spec, unit, versions, metrics }: AnalysisSubject): AnalysisDefinition {
  const { preperiodDays, attributionHours } = spec.analysis;
  const columns = new Map<string, UnitColumn>();
  const add = (column: UnitColumn) => columns.set(column.name, column);
  // Always there: how much was asked for, and shown.
  add(columnOf({ slate: 'count' }));
  const pairs = new Map<string, readonly [y: string, x: string]>([[String(['0', '0']), ['0', '0']]]);
  for (const metric of metrics.values()) {
    const found = columnsOfMetric(metric, preperiodDays > 0);
    found.columns.forEach(add);
    const variables = variablesOf(found);
    pairs.set(String(variables), variables);
  }
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
    isTriggered: spec.analysis.triggered,
    columns: [...columns.values()],
    pairs: [...pairs.values()],
  };
}
