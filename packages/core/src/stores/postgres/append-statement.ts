import { LOG_KIND } from '../../contracts/log.ts';
import type { EventKeys } from '../event-key.ts';
import type { NewEvent } from '../event-store.ts';
import { arrayParameter, ELEMENT_TYPE } from './array-parameters.ts';
import { microsecondsOf } from './binary-values.ts';
import { UnitDays } from './unit-days.ts';

const COLUMNS: readonly (readonly [column: string, type: keyof typeof ELEMENT_TYPE])[] = [
  ['event_key', 'uuid'],
  ['event_id', 'text'],
  ['user_id', 'text'],
  ['session_id', 'text'],
  ['item_id', 'text'],
  ['type', 'int2'],
  ['occurred_at', 'timestamptz'],
  ['value', 'float4'],
  ['quantity', 'float4'],
  ['surface', 'text'],
  ['device', 'text'],
  ['request_id', 'text'],
  ['position', 'int2'],
  ['custom_type', 'text'],
  ['query', 'text'],
];

const names = COLUMNS.map(([column]) => column).join(', ');
const arrays = COLUMNS.map(([, type], i) => `$${i + 7}::${type}[]`).join(', ');

/**
 * Keys, events, the days of their units and the log batch in one statement, which is a transaction of its own: one round trip, one fsync. The payload
 * tells all events, before it is known which of them are new; `skipped` tells which are not. Keys are inserted in their
 * order, so that two lanes that share some cannot wait for each other in a circle. `IN (...) IS TRUE` keeps the planner,
 * which takes every array for a short one, from a nested loop: it hashes.
 *
 * `packages/cli/bench/event-log.ts` compares the ways of sending.
 */
export const APPEND = {
  // A name makes it a prepared statement: planned once per connection.
  name: 'append_events',
  text: `WITH incoming AS MATERIALIZED (
  SELECT * FROM unnest(${arrays}) WITH ORDINALITY AS t(${names}, n)
), fresh AS (
  INSERT INTO event_keys (event_key, occurred_on)
  SELECT event_key, (occurred_at AT TIME ZONE 'UTC')::date FROM incoming ORDER BY event_key
  ON CONFLICT DO NOTHING RETURNING event_key
), stored AS (
  INSERT INTO events (${names})
  SELECT ${names} FROM incoming WHERE (event_key IN (SELECT event_key FROM fresh)) IS TRUE ORDER BY n
), known AS (
  SELECT array(SELECT n::integer - 1 FROM incoming
    WHERE (event_key IN (SELECT event_key FROM fresh)) IS NOT TRUE ORDER BY n) AS skipped
), seen AS (
  INSERT INTO unit_days (unit, day) SELECT * FROM unnest($5::text[], $6::date[]) ON CONFLICT DO NOTHING
), told AS (
  INSERT INTO log_batches (writer, batch, kind, count, payload, skipped)
  SELECT $1::bigint, $2::bigint, ${LOG_KIND.events}, $3::integer - cardinality(skipped), $4::text, nullif(skipped, '{}')
  FROM known WHERE cardinality(skipped) < $3::integer
)
SELECT skipped FROM known`,
};

/** The parameters of `APPEND` for events of distinct keys. */
export function appendParameters(
  { writer, batch }: { readonly writer: number; readonly batch: number },
  events: readonly NewEvent[],
  keys: EventKeys,
  payload: string,
): unknown[] {
  const count = events.length;
  const text = (of: (event: NewEvent) => string | null | undefined) =>
    arrayParameter(ELEMENT_TYPE.text, count, (writer, i) => writer.textField(of(events[i]!)));
  const active = new UnitDays(events).rows();
  const int2 = (of: (event: NewEvent) => number | null) =>
    arrayParameter(ELEMENT_TYPE.int2, count, (writer, i) => writer.int16Field(of(events[i]!)));
  const float4 = (of: (event: NewEvent) => number | null) =>
    arrayParameter(ELEMENT_TYPE.float4, count, (writer, i) => writer.float4Field(of(events[i]!)));
  return [
    writer,
    batch,
    count,
    payload,
    arrayParameter(ELEMENT_TYPE.text, active.count, (writer, i) => writer.textField(active.units[i])),
    arrayParameter(ELEMENT_TYPE.date, active.count, (writer, i) => writer.dateField(active.days[i]!)),
    arrayParameter(ELEMENT_TYPE.uuid, count, (writer, i) => writer.bytesField(keys.at(i))),
    text(({ eventId }) => eventId),
    text(({ userId }) => userId),
    text(({ sessionId }) => sessionId),
    text(({ itemId }) => itemId),
    int2(({ type }) => type),
    arrayParameter(ELEMENT_TYPE.timestamptz, count, (writer, i) =>
      writer.timestampField(microsecondsOf(events[i]!.occurredAtS)),
    ),
    float4(({ value }) => value),
    float4(({ quantity }) => quantity),
    text(({ surface }) => surface),
    text(({ device }) => device),
    text(({ requestId }) => requestId),
    int2(({ position }) => position),
    text(({ customType }) => customType),
    text(({ query }) => query),
  ];
}
