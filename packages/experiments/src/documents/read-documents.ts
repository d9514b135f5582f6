import { LineCounter, parseAllDocuments } from 'yaml';
import { Value } from 'typebox/value';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { DOCUMENTS, type DocumentKind, type ExperimentsDocument } from '@shortlist/core/contracts/experiment.ts';
import { compileValidator, type Validator } from '@shortlist/service/http/validation.ts';

/** Most documents in one file. */
export const DOCUMENTS_MAX = 100;
/** Most aliases of one document that are resolved: a few lines of YAML could else name millions of nodes. */
const ALIASES_MAX = 100;

const VALIDATORS = Object.fromEntries(
  Object.entries(DOCUMENTS).map(([kind, schema]) => [
    kind,
    compileValidator(schema, 'document', { fillDefaults: false }),
  ]),
) as Readonly<Record<DocumentKind, Validator<(typeof DOCUMENTS)[DocumentKind]>>>;

/**
 * The documents of a YAML text, defaults filled in, in their order; JSON is YAML.
 * @throws `document_malformed` with the line, `field_invalid` with path (`documents[1].spec.layer` if there are several)
 * and reason
 */
export function readDocuments(text: string): readonly ExperimentsDocument[] {
  const values = parse(text).filter((value) => value !== null && value !== undefined);
  if (values.length === 0) throw malformed(1, 'it is empty');
  if (values.length > DOCUMENTS_MAX) throw malformed(1, `more than ${DOCUMENTS_MAX} documents`);
  return values.map((value, i) => {
    try {
      return readDocument(value);
    } catch (error) {
      if (values.length === 1 || !(error instanceof ShortlistError)) throw error;
      const { code, details } = error;
      throw new ShortlistError(code, { ...details, field: `documents[${i}].${String(details.field)}` });
    }
  });
}

/** One document, defaults filled in. @throws `field_invalid` */
export function readDocument(value: unknown): ExperimentsDocument {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ShortlistError('field_invalid', { field: 'document', reason: 'must be an object' });
  }
  const { kind } = value as { kind?: unknown };
  if (typeof kind !== 'string' || !Object.hasOwn(DOCUMENTS, kind)) {
    const reason = kind === undefined ? 'missing' : `must be one of ${Object.keys(DOCUMENTS).join(', ')}`;
    throw new ShortlistError('field_invalid', { field: 'kind', reason });
  }
  // Those of a metric's quantities are inside of unions, where the validator fills in none.
  return VALIDATORS[kind as DocumentKind](Value.Default(DOCUMENTS[kind as DocumentKind], value));
}

function parse(text: string): unknown[] {
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter, uniqueKeys: true, merge: false });
  return (documents as Exclude<typeof documents, { empty: true }>).map((document) => {
    const [error] = document.errors;
    if (error !== undefined) {
      const [position] = error.linePos ?? [];
      throw malformed(position?.line ?? 1, error.message.split('\n')[0]!.replace(/ at line \d+.*$/, ''));
    }
    try {
      return document.toJS({ maxAliasCount: ALIASES_MAX }) as unknown;
    } catch (cause) {
      throw malformed(1, (cause as Error).message, cause);
    }
  });
}

function malformed(line: number, reason: string, cause?: unknown): ShortlistError {
  return new ShortlistError('document_malformed', { line, reason }, cause === undefined ? undefined : { cause });
}
