import type { LogPlace } from '../event-log.ts';
import type { RecordedSlate, SlateExperiment } from '../impression-store.ts';
import { arrayParameter, ELEMENT_TYPE } from './array-parameters.ts';
import { microsecondsOf } from './binary-values.ts';
import type { Session } from './session.ts';

/**
 * Arrays of arrays would have to be of one length: those of a slate are sent as literals, which the server casts. Rows go
 * in the order of their keys, so that two lanes that share some cannot wait for each other in a circle.
 */
const RECORD_SLATES = {
  name: 'record_slates',
  text: `INSERT INTO impressions (request_id, user_id, session_id, occurred_at, surface, device, category, item_ids,
    propensities, sources, teams, degraded, release, tier, error, latency_ms, sampled)
  SELECT request_id, user_id, session_id, occurred_at, surface, device, category, item_ids::text[],
    propensities::real[], sources::text[], teams::smallint[], degraded::text[], release, tier, error, latency_ms, sampled
  FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::real[], $17::real[])
    AS t(request_id, user_id, session_id, occurred_at, surface, device, category, item_ids, propensities, sources,
      teams, degraded, release, tier, error, latency_ms, sampled)
  ORDER BY request_id
  ON CONFLICT (request_id) DO NOTHING RETURNING request_id`,
};

const RECORD_EXPERIMENTS = {
  name: 'record_slate_experiments',
  text: `INSERT INTO slate_experiments (writer, batch, request_id, experiment, version, unit, assigned, served, phase, differs,
    occurred_at, items, tier, degraded, failed, latency_ms, sampled)
  SELECT $1::bigint, $2::bigint, t.*
  FROM unnest($3::text[], $4::text[], $5::integer[], $6::text[], $7::text[], $8::text[], $9::integer[], $10::boolean[],
    $11::timestamptz[], $12::smallint[], $13::text[], $14::boolean[], $15::boolean[], $16::real[], $17::real[]) AS t
  ON CONFLICT (request_id, experiment) DO NOTHING`,
};

const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`;

/** Ids rarely have what must be escaped: they are looked through together. */
function textsLiteral(values: readonly string[]): string {
  if (values.length === 0) return '{}';
  if (/[\\"]/.test(values.join(','))) return `{${values.map(quoted).join(',')}}`;
  return `{"${values.join('","')}"}`;
}

const numbersLiteral = (values: Float32Array | readonly number[]): string => `{${values.join(',')}}`;
/** Null for what is not known of any item. */
const orNull = <T>(values: readonly T[], literal: (values: readonly T[]) => string): string | null =>
  values.length === 0 ? null : literal(values);

/** Stores the slates whose request id is new, and what their experiments see; 1 for each stored now, parallel. */
export async function recordSlates(
  { queryable }: Session,
  slates: readonly RecordedSlate[],
  place: LogPlace,
): Promise<Uint8Array> {
  const isFresh = new Uint8Array(slates.length);
  if (slates.length === 0) return isFresh;
  const { rows } = await queryable.query<{ request_id: string }>({ ...RECORD_SLATES, values: slateValues(slates) });
  const stored = new Set(rows.map(({ request_id }) => request_id));
  slates.forEach(({ requestId }, i) => (isFresh[i] = stored.delete(requestId) ? 1 : 0));
  const seen = slates
    .filter((_, i) => isFresh[i] === 1)
    .flatMap((slate) => slate.experiments.map((one) => ({ slate, one })));
  if (seen.length > 0) await queryable.query({ ...RECORD_EXPERIMENTS, values: experimentValues(seen, place) });
  return isFresh;
}

function slateValues(slates: readonly RecordedSlate[]): unknown[] {
  const text = (of: (slate: RecordedSlate) => string | null) =>
    arrayParameter(ELEMENT_TYPE.text, slates.length, (to, i) => to.textField(of(slates[i]!)));
  const real = (of: (slate: RecordedSlate) => number) =>
    arrayParameter(ELEMENT_TYPE.float4, slates.length, (to, i) => to.float4Field(of(slates[i]!)));
  return [
    text(({ requestId }) => requestId),
    text(({ userId }) => userId),
    text(({ sessionId }) => sessionId),
    arrayParameter(ELEMENT_TYPE.timestamptz, slates.length, (to, i) =>
      to.timestampField(microsecondsOf(slates[i]!.occurredAtS)),
    ),
    text(({ surface }) => surface),
    text(({ device }) => device),
    text(({ category }) => category),
    text(({ itemIds }) => textsLiteral(itemIds)),
    text(({ propensities }) => numbersLiteral(propensities)),
    text(({ sources }) => orNull(sources, textsLiteral)),
    text(({ teams }) => orNull(teams, numbersLiteral)),
    text(({ degraded }) => textsLiteral(degraded)),
    text(({ release }) => release),
    text(({ tier }) => tier),
    text(({ error }) => error),
    real(({ latencyMs }) => latencyMs),
    real(({ sampled }) => sampled),
  ];
}

interface Seen {
  readonly slate: RecordedSlate;
  readonly one: SlateExperiment;
}

function experimentValues(seen: readonly Seen[], { writer, batch }: LogPlace): unknown[] {
  const text = (of: (seen: Seen) => string) =>
    arrayParameter(ELEMENT_TYPE.text, seen.length, (to, i) => to.textField(of(seen[i]!)));
  const real = (of: (seen: Seen) => number) =>
    arrayParameter(ELEMENT_TYPE.float4, seen.length, (to, i) => to.float4Field(of(seen[i]!)));
  return [
    writer,
    batch,
    text(({ slate }) => slate.requestId),
    text(({ one }) => one.experiment),
    seen.map(({ one }) => one.version),
    text(({ one }) => one.unit),
    text(({ one }) => one.assigned),
    text(({ one }) => one.served),
    seen.map(({ one }) => one.phase),
    seen.map(({ one }) => one.differs),
    arrayParameter(ELEMENT_TYPE.timestamptz, seen.length, (to, i) =>
      to.timestampField(microsecondsOf(seen[i]!.slate.occurredAtS)),
    ),
    arrayParameter(ELEMENT_TYPE.int2, seen.length, (to, i) => to.int16Field(seen[i]!.slate.itemIds.length)),
    text(({ slate }) => slate.tier),
    seen.map(({ slate }) => slate.degraded.length > 0),
    seen.map(({ slate }) => slate.error !== null),
    real(({ slate }) => slate.latencyMs),
    real(({ slate }) => slate.sampled),
  ];
}
