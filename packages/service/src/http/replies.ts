import { ERRORS, ShortlistError, type ErrorCode } from '@shortlist/core/contracts/errors.ts';
import type { HttpReply } from './adapter.ts';

const JSON_HEADERS = [['content-type', 'application/json; charset=utf-8']] as const;
const RETRY_AFTER_S = '1';

export function json(status: number, value: unknown): HttpReply {
  return { status, headers: JSON_HEADERS, body: JSON.stringify(value) };
}

export function text(status: number, contentType: string, body: string | Buffer): HttpReply {
  return { status, headers: [['content-type', contentType]], body };
}

/** The one shape of every refusal. What is no `ShortlistError` is a bug: the caller learns its request id only. */
export function errorReply(error: unknown, requestId: string): HttpReply {
  const known = error instanceof ShortlistError ? error : new ShortlistError('internal');
  const { code, message, details, status } = known;
  const reply = json(status, { error: { code, message, details, request_id: requestId } });
  if (status !== 503) return reply;
  return { ...reply, headers: [...reply.headers, ['retry-after', String(details.retryAfterS ?? RETRY_AFTER_S)]] };
}

/** Messages of the given codes as they stand in the reference. */
export function describeErrors(codes: readonly ErrorCode[]): ReadonlyMap<number, string> {
  const byStatus = new Map<number, string>();
  for (const code of codes) {
    const { status, message } = ERRORS[code];
    const line = `\`${code}\`: ${message}`;
    byStatus.set(status, byStatus.has(status) ? `${byStatus.get(status)!}\n\n${line}` : line);
  }
  return byStatus;
}
