import { Ajv, type ErrorObject, type SchemaValidateFunction } from 'ajv';
import type { Static, TSchema } from 'typebox';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';

/** Returns the value with defaults filled in, or throws `field_invalid` naming its path and the reason. */
export type Validator<Schema extends TSchema> = (value: unknown) => Static<Schema>;

const TEXT_SHOWN_MAX = 100;

// `strictNumbers` (ajv's default) is what refuses NaN and Infinity.
const OPTIONS = { allErrors: false, allowUnionTypes: true, verbose: true } as const;
const ajv = withDistinct(new Ajv({ ...OPTIONS, useDefaults: true }));
const judging = withDistinct(new Ajv(OPTIONS));

/**
 * Compiles once, at start. `whole` is what the root is called in errors: `body` or `query`. `fillDefaults`: false only
 * judges; a schema with defaults inside of unions, which ajv refuses to fill in, is filled in by its caller.
 */
export function compileValidator<Schema extends TSchema>(
  schema: Schema,
  whole: string,
  { fillDefaults = true }: { fillDefaults?: boolean } = {},
): Validator<Schema> {
  const validate = (fillDefaults ? ajv : judging).compile<Static<Schema>>(schema);
  return (value) => {
    if (validate(value)) return value;
    throw fieldInvalid(validate.errors![0]!, whole);
  };
}

function fieldInvalid(error: ErrorObject, whole: string): ShortlistError {
  const path = error.instancePath.split('/').slice(1);
  const params = error.params as Readonly<Record<string, unknown>>;
  if (error.keyword === 'additionalProperties') {
    const known = Object.keys((error.parentSchema as { properties?: object }).properties ?? {});
    return failure([...path, String(params.additionalProperty)], `unknown; known here: ${known.join(', ')}`, whole);
  }
  if (error.keyword === 'required') return failure([...path, String(params.missingProperty)], 'missing', whole);
  return failure(path, reasonOf(error, params), whole);
}

function reasonOf(error: ErrorObject, params: Readonly<Record<string, unknown>>): string {
  if (error.keyword === 'type') return `must be ${String(params.type)}, not ${kindOf(error.data)}`;
  if (error.keyword === 'enum') return `must be one of ${(params.allowedValues as unknown[]).join(', ')}`;
  const given =
    typeof error.data === 'string' ? `${error.data.length} characters given` : shown(JSON.stringify(error.data));
  return `${error.message ?? error.keyword} (${given})`;
}

function failure(path: readonly string[], reason: string, whole: string): ShortlistError {
  return new ShortlistError('field_invalid', { field: fieldName(path, whole), reason });
}

/** `context.exclude[3]`; JSON pointers escape `~` and `/`. */
function fieldName(path: readonly string[], whole: string): string {
  let name = '';
  for (const raw of path) {
    const part = shown(raw.replaceAll('~1', '/').replaceAll('~0', '~'));
    if (/^\d+$/.test(part)) name += `[${part}]`;
    else name += name === '' ? part : `.${part}`;
  }
  return name === '' ? whole : name;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number')
    return Number.isInteger(value) ? 'integer' : Number.isFinite(value) ? 'number' : 'infinite';
  return typeof value;
}

function shown(text: string): string {
  return text.length > TEXT_SHOWN_MAX ? `${text.slice(0, TEXT_SHOWN_MAX)}...` : text;
}

/**
 * `uniqueItems` by a set, for arrays of texts or numbers: Ajv makes every text a property of an object, which took a tenth of
 * the time of a request that names 300 items.
 */
function withDistinct(validator: Ajv): Ajv {
  const areDistinct: SchemaValidateFunction = (isWanted: boolean, items: readonly unknown[]) => {
    const distinct = new Set(items);
    if (!isWanted || distinct.size === items.length) return true;
    const twice = items.findIndex((item) => !distinct.delete(item));
    areDistinct.errors = [{ message: `must not name anything twice, as item ${twice} does` }];
    return false;
  };
  return validator
    .removeKeyword('uniqueItems')
    .addKeyword({ keyword: 'uniqueItems', type: 'array', schemaType: 'boolean', validate: areDistinct });
}
