import { ShortlistError } from '@shortlist/core/contracts/errors.ts';

/** The part of an object schema that tells numbers from text. */
export interface QuerySchema {
  readonly properties: Readonly<Record<string, { readonly type?: unknown }>>;
}

const DECIMAL = /^-?\d{1,15}(\.\d{1,15})?$/;

/**
 * Query text as the object its schema describes: numbers where it wants numbers, text elsewhere. Only plain decimals
 * count as numbers (no hexadecimal, no exponent, no blanks, no NaN); what is none stays text, so that validation names
 * the parameter. A parameter given twice is refused, because readers disagree on which one counts.
 */
export function readQuery(raw: string, schema: QuerySchema): Record<string, unknown> {
  const values: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  if (raw === '') return values;
  for (const [name, text] of new URLSearchParams(raw)) {
    if (name in values) throw new ShortlistError('field_invalid', { field: name.slice(0, 100), reason: 'given twice' });
    const type = Object.hasOwn(schema.properties, name) ? schema.properties[name]!.type : undefined;
    values[name] = (type === 'number' || type === 'integer') && DECIMAL.test(text) ? Number(text) : text;
  }
  return values;
}
