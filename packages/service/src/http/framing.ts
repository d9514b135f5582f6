import type { TransportRefusal } from './adapter.ts';

/**
 * What the headers say about the body: its length, that it comes in chunks, that there is none, or that they cannot be
 * trusted. uWebSockets.js takes the first of several Content-Lengths and any Transfer-Encoding for `chunked`; a proxy
 * in front may decide otherwise, and the two then disagree where one request ends (request smuggling). So whatever is
 * not plain is refused. Source: RFC 9112 section 6.3.
 */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'refused'; readonly refusal: TransportRefusal };

const NONE: Framing = { kind: 'none' };
const CHUNKED: Framing = { kind: 'chunked' };

/** `lengths` and `encodings` are all values of Content-Length and Transfer-Encoding, in order. */
export function framingOf(lengths: readonly string[], encodings: readonly string[]): Framing {
  if (encodings.length > 0) {
    if (lengths.length > 0) return refused('Content-Length and Transfer-Encoding together');
    if (encodings.length > 1) return refused('more than one Transfer-Encoding');
    return encodings[0]!.trim().toLowerCase() === 'chunked'
      ? CHUNKED
      : refused('a Transfer-Encoding other than chunked');
  }
  if (lengths.length === 0) return NONE;
  if (lengths.length > 1) return refused('more than one Content-Length');
  const length = lengths[0]!;
  return /^\d{1,15}$/.test(length)
    ? { kind: 'length', bytes: Number(length) }
    : refused('Content-Length is not a number');
}

function refused(reason: string): Framing {
  return { kind: 'refused', refusal: { code: 'request_malformed', reason } };
}
