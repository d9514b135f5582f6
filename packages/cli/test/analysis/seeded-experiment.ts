import type { Pool } from 'pg';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import { ensurePartitions } from '@shortlist/core/stores/postgres/partitions.ts';

const DAY_S = 86_400;
const HOUR_S = 3_600;
export const START_S = Date.UTC(2026, 9, 20) / 1000;
export const DAYS = 9;

export interface Exposure {
  readonly unit: string;
  readonly experiment: string;
  readonly version: number;
  readonly phase: number;
  readonly assigned: string;
  readonly served: string;
  readonly reason: string | null;
  readonly atS: number;
  readonly request: string;
}

export interface Slate {
  readonly request: string;
  readonly experiment: string;
  readonly version: number;
  readonly phase: number;
  readonly user: string;
  readonly assigned: string;
  readonly served: string;
  readonly atS: number;
  readonly items: readonly string[];
  readonly latencyMs: number;
  readonly failed: boolean;
  readonly degraded: boolean;
  readonly differs: boolean | null;
  readonly sampled: number;
}

export interface Event {
  readonly id: string;
  readonly user: string;
  readonly session: string | null;
  readonly type: number;
  readonly atS: number;
  readonly item: string;
  readonly value: number | null;
  readonly quantity: number | null;
  readonly request: string | null;
}

export interface SeededExperiment {
  readonly exposures: readonly Exposure[];
  readonly slates: readonly Slate[];
  readonly events: readonly Event[];
}

export const VARIANTS = ['control', 'calm', 'bold'];
const WEIGHTS = [0.5, 0.3, 0.2];

/**
 * Shoppers of an experiment of three variants whose second version ramps up; with heavy users, slates that fell back or
 * failed, sampled ones, clicks too late and before their slate, purchases without a slate, before the exposure and long
 * after it, other people's clicks on a slate, and another experiment beside it. Times to the millisecond.
 */
export function seedExperiment(users: number, seed: number): SeededExperiment {
  const random = seededRandom(seed);
  const at = (timeS: number) => Math.round(timeS * 1000) / 1000;
  const pick = (of: readonly number[]) => {
    let left = random();
    return of.findIndex((weight) => (left -= weight) < 0);
  };
  const [exposures, slates, events]: [Exposure[], Slate[], Event[]] = [[], [], []];
  const buy = (user: string, timeS: number, request: string | null) =>
    events.push({
      ...{
        id: `e${events.length}`,
        user,
        session: null,
        type: EVENT_CODE.purchase,
        atS: at(timeS),
        item: 'i1',
        request,
      },
      value: Math.round(100 * Math.exp(2 + 1.5 * random())) / 100,
      quantity: random() < 0.3 ? null : 1 + Math.floor(random() * 3),
    });
  for (let n = 0; n < users; n++) {
    const user = `üser-${n}`;
    const variant = Math.max(0, pick(WEIGHTS));
    const firstS = START_S + random() * DAYS * DAY_S;
    for (let count = Math.floor(random() ** 4 * 6); count > 0; count--) buy(user, firstS - random() * 20 * DAY_S, null);
    const visits = 1 + Math.floor(random() ** 6 * 30);
    const met = new Set<string>();
    for (let visit = 0; visit < visits; visit++) {
      const timeS = at(visit === 0 ? firstS : firstS + random() * 4 * DAY_S);
      const version = timeS < START_S + 4 * DAY_S ? 1 : 2;
      const phase = version === 1 ? 0 : timeS < START_S + 6 * DAY_S ? 0 : 1;
      const isAway = random() < 0.02 && variant > 0;
      const assigned = VARIANTS[variant]!;
      const served = isAway ? 'control' : assigned;
      const request = `r${slates.length}`;
      const experiment = random() < 0.1 ? 'other' : 'ranker';
      const shared = { experiment, version, phase, assigned, served, atS: timeS, request };
      const key = `${experiment} ${version} ${served}`;
      if (!met.has(key)) exposures.push({ ...shared, unit: `u:${user}`, reason: isAway ? 'release_not_loaded' : null });
      met.add(key);
      const failed = random() < 0.02;
      const items = failed
        ? []
        : Array.from({ length: 4 + Math.floor(random() * 4) }, () => `i${Math.floor(random() * 50)}`);
      slates.push({
        ...{
          ...shared,
          user,
          items,
          failed,
          degraded: random() < 0.05,
          differs: random() < 0.1 ? null : random() < 0.5,
        },
        latencyMs: Math.fround(5 + 40 * random() ** -0.5),
        sampled: random() < 0.2 ? 0.25 : 1,
      });
      for (const item of items) {
        if (random() > 0.12 + 0.02 * variant) continue;
        const delayS = random() < 0.1 ? 30 * HOUR_S * random() : random() < 0.02 ? -60 : 600 * random();
        const isOthers = random() < 0.02;
        events.push({
          ...{ id: `e${events.length}`, user: isOthers ? 'somebody' : user, session: `s${n}`, type: EVENT_CODE.click },
          ...{ atS: at(timeS + delayS), item, value: null, quantity: null, request },
        });
      }
      if (random() < 0.1) buy(user, timeS + random() * 60 * HOUR_S, random() < 0.5 ? request : null);
    }
  }
  return { exposures, slates, events };
}

const EXPOSURES = `INSERT INTO exposures (exposed_at, writer, batch, version, phase, experiment, unit, assigned, served, reason,
    release, request_id)
  SELECT to_timestamp("atS"), $2, $3, version, phase, experiment, unit, assigned, served, reason, 'r1', request
  FROM jsonb_to_recordset($1) AS t("atS" float8, version int, phase int, experiment text, unit text, assigned text,
    served text, reason text, request text) ON CONFLICT DO NOTHING`;
const IMPRESSIONS = `INSERT INTO impressions (request_id, user_id, occurred_at, surface, device, item_ids, propensities)
  SELECT request, "user", to_timestamp("atS"), 'home', 'app', items, array_fill(1::real, ARRAY[cardinality(items)])
  FROM jsonb_to_recordset($1) AS t(request text, "user" text, "atS" float8, items text[])`;
const SLATES = `INSERT INTO slate_experiments (occurred_at, writer, batch, version, phase, latency_ms, sampled, items, failed,
    degraded, differs, experiment, unit, assigned, served, tier, request_id)
  SELECT to_timestamp("atS"), $2, $3, version, phase, "latencyMs", sampled, cardinality(items), failed, degraded, differs,
    experiment, 'u:' || "user", assigned, served, 'personalized', request
  FROM jsonb_to_recordset($1) AS t("atS" float8, version int, phase int, "latencyMs" real, sampled real, items text[],
    failed bool, degraded bool, differs bool, experiment text, "user" text, assigned text, served text, request text)`;
const EVENTS = `INSERT INTO events (occurred_at, event_key, value, quantity, type, event_id, user_id, session_id, item_id, request_id)
  SELECT to_timestamp("atS"), md5(id)::uuid, value, quantity, type, id, "user", session, item, request
  FROM jsonb_to_recordset($1) AS t("atS" float8, id text, value real, quantity real, type int, "user" text, session text,
    item text, request text)`;
const UNIT_DAYS = `INSERT INTO unit_days SELECT DISTINCT 'u:' || "user", (to_timestamp("atS") AT TIME ZONE 'UTC')::date
  FROM jsonb_to_recordset($1) AS t("user" text, "atS" float8) ON CONFLICT DO NOTHING`;

/** Stores rows as the log does: records with their writer's next batch, events when they come. */
export async function store(pool: Pool, rows: SeededExperiment, { writer, batch }: { writer: number; batch: number }) {
  const days = rows.events.map(({ atS }) => Math.floor(atS / DAY_S));
  await ensurePartitions(pool, [...new Set(days)]);
  await pool.query(EXPOSURES, [JSON.stringify(rows.exposures), writer, batch]);
  await pool.query(IMPRESSIONS, [JSON.stringify(rows.slates)]);
  await pool.query(SLATES, [JSON.stringify(rows.slates), writer, batch]);
  await pool.query(EVENTS, [JSON.stringify(rows.events)]);
  await pool.query(UNIT_DAYS, [JSON.stringify(rows.events)]);
}
