import { randomUUID } from 'node:crypto';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { EVENT_CODE, EVENT_TYPES, type EventType } from '@shortlist/core/contracts/events.ts';
import {
  IncomingEventSchema,
  standInOf,
  type CustomEventType,
  type IncomingEvent,
} from '@shortlist/core/contracts/ingest.ts';
import { parseTimestamp } from '@shortlist/core/contracts/timestamp.ts';
import type { NewEvent } from '@shortlist/core/stores/event-store.ts';
import { compileValidator } from '@shortlist/service/http/validation.ts';

export interface AcceptOptions {
  readonly customTypes: readonly CustomEventType[];
  /** How old and how far ahead an event may be, seconds. */
  readonly pastSMax: number;
  readonly futureSMax: number;
  /** Unix seconds. */
  readonly nowS: () => number;
}

const validate = compileValidator(IncomingEventSchema, 'event');
const KNOWN = new Set<string>(EVENT_TYPES.filter((type) => type !== ''));
/** Days lie between 1970 and 2100 for the partitions' names; the limits on age are narrower. */
const DAY_S = 86_400;

/** Turns what came in into an event of the log, or throws the coded reason why not. */
export function createAcceptor({ customTypes, pastSMax, futureSMax, nowS }: AcceptOptions) {
  const custom = new Map(customTypes.map((type) => [type.name, standInOf(type)]));
  const names = [...KNOWN, ...custom.keys()].join(', ');
  return (value: unknown): NewEvent => {
    const event = validate(value);
    const type = KNOWN.has(event.type) ? EVENT_CODE[event.type as EventType] : custom.get(event.type);
    if (type === undefined) throw invalid('type', `unknown; known here: ${names}`);
    checkTogether(event, type);
    return {
      eventId: event.event_id ?? randomUUID(),
      userId: event.user_id ?? null,
      sessionId: event.session_id ?? null,
      itemId: event.item_id ?? '',
      type,
      customType: KNOWN.has(event.type) ? null : event.type,
      query: event.query ?? null,
      occurredAtS: timeOf(event, nowS(), pastSMax, futureSMax),
      value: event.value ?? null,
      quantity: event.quantity ?? null,
      surface: event.surface ?? null,
      device: event.device ?? null,
      requestId: event.request_id ?? null,
      position: event.position ?? null,
    };
  };
}

/** What a JSON schema cannot say of one field alone. */
function checkTogether(event: IncomingEvent, type: number): void {
  if (event.user_id === undefined && event.session_id === undefined)
    throw invalid('user_id', 'missing; send it or session_id');
  if (event.item_id === undefined && type !== EVENT_CODE.search)
    throw invalid('item_id', 'missing; only a search has none');
  if (event.position !== undefined && event.request_id === undefined)
    throw invalid('position', 'is a place in a slate; send its request_id, too');
}

function timeOf({ timestamp }: IncomingEvent, nowS: number, pastSMax: number, futureSMax: number): number {
  if (timestamp === undefined) return Math.round(nowS * 1e6) / 1e6;
  const timeS = parseTimestamp(timestamp);
  if (Number.isNaN(timeS)) throw invalid('timestamp', 'is neither ISO-8601 nor a number of seconds or milliseconds');
  if (timeS > nowS + futureSMax)
    throw new ShortlistError('event_in_future', { timestamp: String(timestamp), aheadSMax: futureSMax });
  if (timeS < nowS - pastSMax)
    throw new ShortlistError('event_too_old', { timestamp: String(timestamp), daysMax: Math.round(pastSMax / DAY_S) });
  return timeS;
}

const invalid = (field: string, reason: string) => new ShortlistError('field_invalid', { field, reason });

/** `share=2,subscribe=4`, as the configuration has it. Throws `config_invalid` for the name of a built-in type. */
export function readCustomTypes(text: string): CustomEventType[] {
  if (text === '') return [];
  return text.split(',').map((one) => {
    const [name = '', weight] = one.split('=');
    if (KNOWN.has(name)) {
      const setting = 'SHORTLIST_INGEST_EVENT_TYPES';
      throw new ShortlistError('config_invalid', { setting, reason: `${name} is a built-in type` });
    }
    return { name, weight: Number(weight) };
  });
}
