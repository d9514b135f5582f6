import type { Pool } from 'pg';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import type { Results } from '@shortlist/experiments/control/results.ts';

/** What one arm did, counted from the raw rows. */
export interface ArmCount {
  readonly variant: string;
  readonly units: number;
  readonly slates: number;
  readonly items: number;
  /** That name a slate of the unit in which the item was shown. */
  readonly clicks: number;
  /** Units that bought something after they met the experiment. */
  readonly buyers: number;
}

/**
 * The numbers of an experiment from the raw rows of the log, by a statement that shares nothing with the analysis. Right as
 * long as the run is shorter than the attribution window after each unit's last slate.
 */
const RECOUNT = `
WITH met AS (
  SELECT unit, substring(unit FROM 3) AS user_id, min(exposed_at) AS since, min(assigned) AS variant
  FROM exposures WHERE experiment = $1 GROUP BY unit HAVING count(DISTINCT assigned) = 1
),
shown AS (
  SELECT x.unit, i.request_id, i.item_ids, i.occurred_at
  FROM slate_experiments x JOIN impressions i USING (request_id) WHERE x.experiment = $1
),
slates AS (SELECT unit, count(*) AS slates, sum(cardinality(item_ids)) AS items FROM shown GROUP BY unit),
clicks AS (
  SELECT s.unit, count(*) AS clicks FROM events e JOIN shown s USING (request_id)
  WHERE e.type = ${EVENT_CODE.click} AND 'u:' || e.user_id = s.unit
    AND e.occurred_at BETWEEN s.occurred_at AND s.occurred_at + $2::float8 * interval '1 hour'
  GROUP BY s.unit
),
buyers AS (
  SELECT DISTINCT m.unit FROM met m JOIN events e ON e.user_id = m.user_id
  WHERE e.type = ${EVENT_CODE.purchase} AND e.occurred_at >= m.since
)
SELECT variant, count(*)::int AS units, sum(coalesce(slates, 0))::float8 AS slates, sum(coalesce(items, 0))::float8 AS items,
  sum(coalesce(clicks, 0))::float8 AS clicks, count(buyers.unit)::float8 AS buyers
FROM met LEFT JOIN slates USING (unit) LEFT JOIN clicks USING (unit) LEFT JOIN buyers USING (unit)
GROUP BY variant ORDER BY variant`;

export async function recount(pool: Pool, experiment: string, attributionHours: number): Promise<readonly ArmCount[]> {
  const { rows } = await pool.query<ArmCount>(RECOUNT, [experiment, attributionHours]);
  return rows;
}

/** Where results are not what was counted: units, clicks by items shown, and shares of buyers. Empty: nowhere. */
export function differencesOf({ evidence }: Pick<Results, 'evidence'>, counts: readonly ArmCount[]): string[] {
  const differences: string[] = [];
  const expect = (what: string, found: number | null, expected: number) => {
    if (found === null || Math.abs(found - expected) > 1e-9 * Math.max(1, Math.abs(expected)))
      differences.push(`${what} ${found}, counted ${expected}`);
  };
  for (const [i, { variant, units }] of evidence.arms.entries()) {
    const count = counts.find((one) => one.variant === variant);
    expect(`units of ${variant}`, units, count?.units ?? 0);
    if (count === undefined) continue;
    const rates = {
      'click-through-rate': count.clicks / count.items,
      'conversion-per-user': count.buyers / count.units,
    };
    for (const { metric, control, comparisons } of evidence.metrics) {
      const expected = rates[metric as keyof typeof rates];
      const found = i === 0 ? control.mean : (comparisons[i - 1]?.mean ?? null);
      if (expected !== undefined) expect(`${metric} of ${variant}`, found, expected);
    }
  }
  return differences;
}
