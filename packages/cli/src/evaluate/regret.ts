import type { EvaluationRow } from '@shortlist/core/contracts/evaluation.ts';
import type { Catalog } from '@shortlist/core/catalog/catalog.ts';
import { bootstrapMeans } from '@shortlist/core/statistics/bootstrap.ts';
import { CUTOFFS } from '@shortlist/core/statistics/ranking-metrics.ts';
import type { RankedLists } from './score-system.ts';
import type { EvaluationUnit } from './unit.ts';

/** True expected value of showing an item to a user, known only where the data was generated. */
export interface Oracle {
  preference(userId: string, itemId: string, atS: number): number;
}

/**
 * Regret against the oracle: 1 - (true value of the slate) / (true value of the best slate of available items), mean over
 * known users with a bootstrap interval. 0 = as good as knowing everything. `lists[i]` belongs to `units[i]`.
 */
export function regretRows(
  systems: ReadonlyMap<string, RankedLists>,
  units: readonly EvaluationUnit[],
  catalog: Catalog,
  oracle: Oracle,
): EvaluationRow[] {
  const users = units.map((unit, i) => ({ unit, i })).filter(({ unit }) => unit.kind === 'user');
  const values = users.map(({ unit }) =>
    Float64Array.from({ length: catalog.count }, (_, row) =>
      catalog.available[row] === 1 ? oracle.preference(unit.id, catalog.itemIds[row]!, unit.requestS) : 0,
    ),
  );
  const best = values.map((value) => value.slice().sort().reverse());
  return [...systems].flatMap(([system, lists]) =>
    CUTOFFS.map((k) => {
      const regrets = users.map(({ i }, u) => 1 - sumOf(lists[i]!, values[u]!, k) / sumTop(best[u]!, k));
      const [interval] = bootstrapMeans(Float64Array.from(regrets), 1);
      return { system, segment: 'all', metric: 'regret', k, ...interval!, users: users.length };
    }),
  );
}

function sumOf(list: ArrayLike<number>, values: Float64Array, k: number): number {
  let sum = 0;
  for (let i = 0; i < Math.min(k, list.length); i++) sum += values[list[i]!]!;
  return sum;
}

function sumTop(descending: Float64Array, k: number): number {
  return descending.subarray(0, k).reduce((sum, value) => sum + value, 0);
}
