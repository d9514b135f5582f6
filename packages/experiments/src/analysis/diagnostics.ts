import type { ClientBase } from 'pg';
import { MILLION } from '../metrics/quantities.ts';
import { latencyOfBucket } from './slate-counts.ts';

/** Units that came in an hour. */
export interface HourOfArrivals {
  /** Unix seconds. */
  readonly fromS: number;
  /** By arm, in the order of the spec. */
  readonly units: readonly number[];
}

export interface SlatesOfArm {
  readonly slates: number;
  /** Null: no slates. */
  readonly latencyP50Ms: number | null;
  readonly latencyP99Ms: number | null;
  /** Different items in all slates of the arm. */
  readonly itemsCovered: number;
}

export interface UnitsOfArm {
  readonly units: number;
  /** Units that were served another variant at least once, by the reason. */
  readonly fallbacks: Readonly<Record<string, number>>;
}

export interface Arrivals {
  readonly hours: readonly HourOfArrivals[];
  readonly arms: readonly UnitsOfArm[];
  /** Units to which two variants were assigned; they are in no arm. */
  readonly conflicting: number;
  /** Newest slate or exposure, unix seconds; null: there is none. */
  readonly untilS: number | null;
}

const ARRIVALS = `SELECT arm, fallback, from_s, units::float8 AS units, date_part('epoch', until_at) AS until_s
  FROM analysis_arrivals WHERE analysis = $1`;

interface ArrivalRow {
  readonly arm: number;
  readonly fallback: string | null;
  readonly from_s: number;
  readonly units: number;
  readonly until_s: number;
}

/** When units came into which arm, and how many were served something else. */
export async function readArrivals(client: ClientBase, id: number, arms: number): Promise<Arrivals> {
  const { rows } = await client.query<ArrivalRow>(ARRIVALS, [id]);
  const hours = new Map<number, number[]>();
  const units = new Array<number>(arms + 1).fill(0);
  const fallbacks = Array.from({ length: arms + 1 }, (): Record<string, number> => ({}));
  for (const row of rows) {
    units[row.arm]! += row.units;
    if (row.fallback !== null) fallbacks[row.arm]![row.fallback] = (fallbacks[row.arm]![row.fallback] ?? 0) + row.units;
    if (row.arm === 0) continue;
    let hour = hours.get(row.from_s);
    if (hour === undefined) hours.set(row.from_s, (hour = new Array<number>(arms).fill(0)));
    hour[row.arm - 1]! += row.units;
  }
  return {
    hours: [...hours].map(([fromS, counts]) => ({ fromS, units: counts })).sort((a, b) => a.fromS - b.fromS),
    arms: units.slice(1).map((count, i) => ({ units: count, fallbacks: fallbacks[i + 1]! })),
    conflicting: units[0]!,
    untilS: rows.length === 0 ? null : rows.reduce((until, row) => Math.max(until, row.until_s), -Infinity),
  };
}

const LATENCIES = 'SELECT arm, bucket, slates FROM analysis_latencies WHERE analysis = $1 ORDER BY arm, bucket';
const ITEMS = 'SELECT arm, count(*)::float8 AS items FROM analysis_items WHERE analysis = $1 GROUP BY arm';

/** Latencies and coverage by arm: shown beside the metrics; they have no interval and decide nothing. */
export async function readSlates(client: ClientBase, id: number, arms: number): Promise<readonly SlatesOfArm[]> {
  const { rows } = await client.query<{ arm: number; bucket: number; slates: number }>(LATENCIES, [id]);
  const covered = await client.query<{ arm: number; items: number }>(ITEMS, [id]);
  return Array.from({ length: arms }, (_, i) => {
    const histogram = rows.filter(({ arm }) => arm === i + 1);
    return {
      slates: histogram.reduce((sum, { slates }) => sum + slates, 0) / MILLION,
      latencyP50Ms: percentileOf(histogram, 0.5),
      latencyP99Ms: percentileOf(histogram, 0.99),
      itemsCovered: covered.rows.find(({ arm }) => arm === i + 1)?.items ?? 0,
    };
  });
}

function percentileOf(histogram: readonly { readonly bucket: number; readonly slates: number }[], share: number) {
  const total = histogram.reduce((sum, { slates }) => sum + slates, 0);
  let below = 0;
  for (const { bucket, slates } of histogram) {
    below += slates;
    if (below >= share * total) return latencyOfBucket(bucket);
  }
  return null;
}
