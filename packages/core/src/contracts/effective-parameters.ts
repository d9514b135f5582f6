import { Value } from 'typebox/value';
import { ShortlistError } from './errors.ts';
import { ParametersSchema, type Parameters } from './parameters.ts';

type DeepPartial<T> = { [K in keyof T]?: T[K] extends object ? DeepPartial<T[K]> : T[K] };

/** What a release or a variant may say: any part of the parameters; the rest comes from the layer below. */
export type ParametersPatch = DeepPartial<Parameters>;

/** The defaults of the schema, every key present. */
export const DEFAULT_PARAMETERS: Parameters = defaultsOf(ParametersSchema as DefaultedSchema) as Parameters;

/**
 * Lays patches over the defaults, later ones win, and checks the result.
 * Errors: `field_invalid` naming the key, for an unknown key or a value outside its bounds.
 */
export function effectiveParameters(...patches: readonly ParametersPatch[]): Parameters {
  let merged: unknown = DEFAULT_PARAMETERS;
  for (const patch of patches) merged = overlay(merged, patch);
  const [first] = [...Value.Errors(ParametersSchema, merged)].filter((error) => error.keyword !== 'boolean');
  if (first === undefined) return merged as Parameters;
  const unknown = (first.params as { additionalProperties?: readonly string[] }).additionalProperties;
  const path = `parameters${first.instancePath.replaceAll('/', '.')}`;
  throw new ShortlistError('field_invalid', {
    field: unknown === undefined ? path : `${path}.${unknown[0] ?? ''}`,
    reason: first.message,
  });
}

interface DefaultedSchema {
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, DefaultedSchema>>;
}

function defaultsOf(schema: DefaultedSchema): unknown {
  if (schema.properties === undefined) return schema.default;
  return Object.fromEntries(Object.entries(schema.properties).map(([key, value]) => [key, defaultsOf(value)]));
}

function overlay(base: unknown, patch: unknown): unknown {
  if (patch === undefined) return base;
  if (!isRecord(base) || !isRecord(patch)) return patch;
  // Own keys only, onto a plain object: a `__proto__` key in a manifest becomes an unknown key, never a prototype.
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(patch)) merged.set(key, overlay(merged.get(key), value));
  return Object.fromEntries(merged);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
