import { isUtf8 } from 'node:buffer';
import secureJson from 'secure-json-parse';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';

/** Deeper than any request of ours by far; what is deeper is an attack on a recursive reader behind us. */
export const JSON_DEPTH_MAX = 32;

const SECURE = { protoAction: 'error', constructorAction: 'error' } as const;

/** `context.source`: how a primitive is written, which a number does not tell any more. */
type Reviver = (key: string, value: unknown, context?: { readonly source?: string }) => unknown;

/** Integers beyond 2^53 as text, digit for digit: ids of systems that number with 64 bits. */
export const longIntegersAsText: Reviver = (_key, value, context) =>
  typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '')
    ? context!.source
    : value;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Parses a body. Refuses, all with `body_malformed`: no body, bytes that are no UTF-8, nesting deeper than
 * `JSON_DEPTH_MAX`, JSON that does not parse, and the keys `__proto__` and `constructor.prototype`. Numbers beyond
 * double precision (`1e400`) become Infinity here and fail validation, which names their field.
 */
export function parseJsonBody(body: Buffer, reviver: Reviver | null = null): unknown {
  if (body.length === 0) throw malformed('it is empty');
  if (!isUtf8(body)) throw malformed('it is not UTF-8');
  if (isDeeperThan(body, JSON_DEPTH_MAX)) throw malformed(`it is nested deeper than ${JSON_DEPTH_MAX} levels`);
  try {
    return secureJson.parse(body.toString('utf8'), reviver, SECURE) as unknown;
  } catch (cause) {
    throw malformed((cause as Error).message.slice(0, 200), cause);
  }
}

/** One pass over the bytes, without recursion; brackets inside strings do not count. */
function isDeeperThan(body: Buffer, depthMax: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at]!;
    if (byte === QUOTE) inString = !inString;
    else if (inString) {
      if (byte === BACKSLASH) at += 1;
    } else if ((byte | 0x20) === 0x7b) {
      // '[' (0x5b) and '{' (0x7b) differ in one bit, and so do their closing brackets.
      depth += 1;
      if (depth > depthMax) return true;
    } else if ((byte | 0x20) === 0x7d) depth -= 1;
  }
  return false;
}

function malformed(reason: string, cause?: unknown): ShortlistError {
  return new ShortlistError('body_malformed', { reason }, { cause });
}
