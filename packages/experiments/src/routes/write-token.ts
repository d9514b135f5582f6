import { createHash, timingSafeEqual } from 'node:crypto';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';

/** Throws `write_unauthorized` for a request that may not change anything. */
export type Authorize = (request: { readonly headers: Readonly<Record<string, string>> }) => void;

/** Digests are compared, which are of one length, in a time that says nothing about where they differ. */
export function authorizeBy(token: string): Authorize {
  if (token === '') return () => undefined;
  const expected = digestOf(token);
  return ({ headers }) => {
    const given = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
    if (given === undefined) throw new ShortlistError('write_unauthorized', { reason: 'it is missing' });
    if (!timingSafeEqual(digestOf(given), expected))
      throw new ShortlistError('write_unauthorized', { reason: 'the token is another one' });
  };
}

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();
