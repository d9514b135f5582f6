import { randomUUID } from 'node:crypto';

const SANE = /^[\x21-\x7e]{1,128}$/;

/** The caller's x-request-id when it is printable and short, so that a trace can cross services; else a fresh one. */
export function requestIdOf(header: string): string {
  return header !== '' && SANE.test(header) ? header : randomUUID();
}
