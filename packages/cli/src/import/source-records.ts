import { Compile } from 'typebox/compile';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { SourceEventSchema, SourceImpressionSchema, SourceItemSchema } from '@shortlist/core/contracts/source-files.ts';
import { parseTimestamp } from '@shortlist/core/contracts/timestamp.ts';
import { nameOf, type OccurrenceCounter } from './event-id.ts';
import type { Sink } from './sink.ts';

const itemRecord = Compile(SourceItemSchema);
const eventRecord = Compile(SourceEventSchema);
const impressionRecord = Compile(SourceImpressionSchema);

/** What makes a record unusable, naming the field. */
function problemOf(validator: { Errors(value: unknown): { instancePath: string; message: string }[] }, value: unknown) {
  const [first] = validator.Errors(value);
  const field = (first?.instancePath ?? '').slice(1).replaceAll('/', '.');
  return `${field === '' ? '' : `${field} `}${first?.message ?? 'is not usable'}`;
}

/** PostgreSQL's text has no NUL, and a lone surrogate has no UTF-8. */
const isStorable = (text: string | undefined) => text === undefined || (!text.includes('\0') && text.isWellFormed());

/** Takes a parsed record; returns why it cannot be used, or undefined when it went into the sink. */
export type TakeRecord = (record: unknown, sink: Sink) => string | undefined;

/** Reads a record of items.jsonl or items.csv. */
export function takeItem(record: unknown, sink: Sink): string | undefined {
  if (!itemRecord.Check(record)) return problemOf(itemRecord, record);
  const { item_id: itemId, title, category = '', brand = '', price = 0, available = true, attributes = {} } = record;
  const createdAtS = record.created_at === undefined ? 0 : parseTimestamp(record.created_at);
  if (Number.isNaN(createdAtS)) return `created_at '${record.created_at}' is not a time`;
  const texts = [itemId, title, category, brand, JSON.stringify(attributes)];
  if (!texts.every(isStorable)) return 'holds a NUL or half a surrogate pair';
  sink.item({ itemId, title, category, brand, price, available, createdAtS, attributes });
  return undefined;
}

/** Reads records of events.jsonl or events.csv; events without an id are named by content and occurrence. */
export function eventTaker(
  occurrences: OccurrenceCounter,
  onItem: (itemId: string, timeS: number) => void,
): TakeRecord {
  return (record, sink) => {
    if (!eventRecord.Check(record)) return problemOf(eventRecord, record);
    if (record.user_id === undefined && record.session_id === undefined) return 'user_id or session_id is missing';
    const occurredAtS = parseTimestamp(record.timestamp);
    if (Number.isNaN(occurredAtS)) return `timestamp '${record.timestamp}' is not a time`;
    const event = {
      userId: record.user_id ?? null,
      sessionId: record.session_id ?? null,
      itemId: record.item_id,
      type: EVENT_CODE[record.type],
      occurredAtS,
      value: record.value ?? null,
      quantity: record.quantity ?? null,
      surface: record.surface ?? null,
      device: record.device ?? null,
      requestId: record.request_id ?? null,
      position: record.position ?? null,
    };
    const { event_id: given, user_id, session_id, item_id, surface, device, request_id } = record;
    if (![given, user_id, session_id, item_id, surface, device, request_id].every(isStorable)) {
      return 'holds a NUL or half a surrogate pair';
    }
    onItem(event.itemId, occurredAtS);
    sink.event({ eventId: given ?? nameEvent(Object.values(event), occurrences), ...event });
    return undefined;
  };
}

function nameEvent(content: readonly (string | number | null)[], occurrences: OccurrenceCounter): string {
  const name = nameOf(content);
  const before = occurrences.next(name);
  return before === 0 ? name : `${name}-${before}`;
}

/** Reads a record of impressions.jsonl. */
export function takeImpression(record: unknown, sink: Sink): string | undefined {
  if (!impressionRecord.Check(record)) return problemOf(impressionRecord, record);
  const {
    request_id: requestId,
    user_id,
    session_id,
    surface = '',
    device = '',
    category,
    items,
    propensities,
  } = record;
  if (user_id === undefined && session_id === undefined) return 'user_id or session_id is missing';
  const occurredAtS = parseTimestamp(record.timestamp);
  if (Number.isNaN(occurredAtS)) return `timestamp '${record.timestamp}' is not a time`;
  if (items.length !== propensities.length) return `${items.length} items but ${propensities.length} propensities`;
  if (![requestId, user_id, session_id, surface, device, category, ...items].every(isStorable)) {
    return 'holds a NUL or half a surrogate pair';
  }
  sink.impression({
    requestId,
    userId: user_id ?? null,
    sessionId: session_id ?? null,
    occurredAtS,
    surface,
    device,
    category: category ?? null,
    itemIds: items,
    propensities: Float32Array.from(propensities),
  });
  return undefined;
}
