import { isUtf8 } from 'node:buffer';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { parseJsonBody } from '@shortlist/service/http/json-body.ts';

/** One event of a body: parsed, or why not. `bytes` are what is kept when it is rejected. */
export type Incoming =
  | { readonly value: unknown; readonly bytes: () => Uint8Array }
  | { readonly error: ShortlistError; readonly bytes: () => Uint8Array };

export interface IncomingBody {
  readonly events: readonly Incoming[];
  /** True for a body that is one event: its refusal is the answer. */
  readonly single: boolean;
}

const NEWLINE = 0x0a;
const encoder = new TextEncoder();

/**
 * The events of a body: one object, an array, or lines of JSON (`application/x-ndjson`). Of lines each is parsed by
 * itself, so that a broken one costs no neighbour; a broken array is refused as a whole (`body_malformed`).
 */
export function readBody(body: Buffer, contentType: string, eventBytesMax: number): IncomingBody {
  if (/^application\/(x-)?(ndjson|jsonl|json-?lines)\b/i.test(contentType)) {
    return { events: readLines(body, eventBytesMax), single: false };
  }
  const value = parseJsonBody(body);
  if (!Array.isArray(value)) return { events: [incoming(value, () => body)], single: true };
  return {
    events: value.map((one: unknown) => incoming(one, () => encoder.encode(JSON.stringify(one)), eventBytesMax)),
    single: false,
  };
}

function incoming(value: unknown, bytes: () => Uint8Array, bytesMax = Infinity): Incoming {
  // Measured only where it may matter: no event of ours is long without a long text.
  if (bytesMax < Infinity && looksLong(value, bytesMax)) return { error: tooLarge(bytesMax), bytes };
  return { value, bytes };
}

/** Whether an object's texts alone are longer than an event may be. */
function looksLong(value: unknown, bytesMax: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  let length = 0;
  for (const field of Object.values(value)) if (typeof field === 'string') length += field.length;
  return length > bytesMax;
}

function readLines(body: Buffer, eventBytesMax: number): Incoming[] {
  const events: Incoming[] = [];
  for (let from = 0; from < body.length;) {
    let to = body.indexOf(NEWLINE, from);
    if (to < 0) to = body.length;
    const line = body.subarray(from, to);
    from = to + 1;
    if (!isBlank(line)) events.push(readLine(line, eventBytesMax));
  }
  return events;
}

function readLine(line: Buffer, eventBytesMax: number): Incoming {
  // A copy: the body is gone when the rejected line is stored.
  const bytes = () => Uint8Array.from(line);
  if (line.length > eventBytesMax) return { error: tooLarge(eventBytesMax), bytes };
  if (!isUtf8(line)) return { error: new ShortlistError('body_malformed', { reason: 'it is not UTF-8' }), bytes };
  try {
    return { value: parseJsonBody(line), bytes };
  } catch (error) {
    if (error instanceof ShortlistError) return { error, bytes };
    throw error;
  }
}

function isBlank(line: Buffer): boolean {
  for (const byte of line) if (byte !== 0x20 && byte !== 0x0d && byte !== 0x09) return false;
  return true;
}

const tooLarge = (maxBytes: number) => new ShortlistError('event_too_large', { maxBytes });
