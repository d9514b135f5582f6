import type { ClientBase } from 'pg';
import { MILLION } from '../metrics/quantities.ts';
import type { AnalysisDefinition } from './definition.ts';
import { isBetween, type ReadPosition } from './read-position.ts';

/** Ratio of neighbouring bounds of the latency histogram: a percentile is read off to 1 %. */
const BUCKET_RATIO = 1.02;
/** 1 us: what is quicker is in the first bucket. */
const LATENCY_MS_MIN = 0.001;

/** Middle of a bucket, ms. */
export const latencyOfBucket = (bucket: number): number => BUCKET_RATIO ** (bucket - 0.5);

const ARM = 'array_position($3::text[], assigned)::smallint AS arm';

/** Slates of the phase in a stretch of the log: each is in one. */
const stretch = (columns: string, isInStretch: string, join = ''): string => `SELECT ${ARM}, ${columns}
  FROM slate_experiments AS s ${join}
  WHERE s.experiment = $1 AND s.version = ANY($2) AND s.assigned = ANY($3) AND ${isInStretch}`;

const BUCKET = `ceil(ln(greatest(s.latency_ms, ${LATENCY_MS_MIN})::float8) / ln(${BUCKET_RATIO}::float8))::smallint`;
const latencies = (isInStretch: string) => `SELECT arm, bucket, sum(slates) AS slates
  FROM (${stretch(`${BUCKET} AS bucket, round(${MILLION} / s.sampled::float8) AS slates`, isInStretch)}) AS counted GROUP BY arm, bucket`;
const items = (isInStretch: string) => `SELECT arm, item_id
  FROM (${stretch('unnest(i.item_ids) AS item_id', isInStretch, 'JOIN impressions AS i USING (request_id)')}) AS shown
  GROUP BY arm, item_id`;

const ADD_LATENCIES = `INSERT INTO analysis_latencies AS kept SELECT $1::integer, arm, bucket, slates FROM new_latencies
  ON CONFLICT (analysis, arm, bucket) DO UPDATE SET slates = kept.slates + excluded.slates`;
const ADD_ITEMS = `INSERT INTO analysis_items SELECT $1::integer, arm, item_id FROM new_items ON CONFLICT DO NOTHING`;

/**
 * Adds the slates behind `after` and up to `until` to the latencies and the items of their arms. What was erased since
 * stays counted: neither says whose it was.
 */
export async function countSlates(
  client: ClientBase,
  { id, definition }: { readonly id: number; readonly definition: AnalysisDefinition },
  after: ReadPosition['offsets']['slates'],
  until: ReadPosition['offsets']['slates'],
): Promise<void> {
  const { experiment, versions, variants } = definition;
  const isInStretch = isBetween(after, until);
  const values = [experiment, versions, variants];
  // INSERT would have one worker alone read; a new table may be made of what several read.
  await client.query(`CREATE TEMP TABLE new_latencies ON COMMIT DROP AS ${latencies(isInStretch)}`, values);
  await client.query(`CREATE TEMP TABLE new_items ON COMMIT DROP AS ${items(isInStretch)}`, values);
  await client.query(ADD_LATENCIES, [id]);
  await client.query(ADD_ITEMS, [id]);
  await client.query('DROP TABLE new_latencies, new_items');
}
