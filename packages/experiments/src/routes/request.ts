import { isUtf8 } from 'node:buffer';
import { Type } from 'typebox';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { ExperimentsDocument } from '@shortlist/core/contracts/experiment.ts';
import type { HttpRequest } from '@shortlist/service/http/adapter.ts';
import type { Seen } from '../control/experiments.ts';
import { readDocuments } from '../documents/read-documents.ts';

/** Request headers that routes read. */
export const ROUTE_HEADERS = ['if-match', 'x-shortlist-actor', 'authorization'];

export const NameParams = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 63, description: 'Name of the document.' }),
});

const ACTOR_MAX = 128;

/** Who asks, by their own account: a write token says that somebody may, not who it is. @throws `field_invalid` */
export function actorOf({ headers }: HttpRequest): string {
  const actor = headers['x-shortlist-actor'] ?? '';
  if (actor === '') return 'unknown';
  if (actor.length > ACTOR_MAX || actor === 'service') {
    const reason = actor === 'service' ? 'that is the service itself' : `more than ${ACTOR_MAX} characters`;
    throw new ShortlistError('field_invalid', { field: 'X-Shortlist-Actor', reason });
  }
  return actor;
}

/** The resource version of `If-Match: "3"`; none without it, and for `*`. @throws `field_invalid` */
export function seenBy({ headers }: HttpRequest): Seen {
  const text = headers['if-match'] ?? '';
  if (text === '' || text === '*') return {};
  const [, version] = /^(?:W\/)?"(\d{1,9})"$/.exec(text) ?? [];
  if (version === undefined) {
    throw new ShortlistError('field_invalid', { field: 'If-Match', reason: 'must be "<resourceVersion>" or *' });
  }
  return { resourceVersion: Number(version) };
}

/** The documents of the body. @throws `document_malformed`, `field_invalid` */
export function documentsOf({ body }: HttpRequest): readonly ExperimentsDocument[] {
  if (!isUtf8(body)) throw new ShortlistError('document_malformed', { line: 1, reason: 'it is not UTF-8' });
  return readDocuments(body.toString('utf8'));
}
