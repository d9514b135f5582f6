/** A rule in CEL (x-kubernetes-validations) with what a person reads when it does not hold. */
export interface Rule {
  readonly rule: string;
  readonly message: string;
  /** CEL of a message with the values in it; `message` stands in where it fails. */
  readonly messageExpression?: string;
  /** Where the reader is pointed to, from where the rule stands: `.endsAt`. */
  readonly fieldPath?: string;
}

/** Rules by the path of the value they are about: `spec`, `spec.variants`, `spec.ramp[].at`. */
export type Rules = Readonly<Record<string, readonly Rule[]>>;

/** What takes the place of a `pattern`, whose refusal would show people a regular expression. */
export type Patterns = ReadonlyMap<string, Rule>;

type Json = Record<string, unknown>;

/** Keywords that mean the same in both. `additionalProperties: false` is Kubernetes' own: unknown fields are no part of it. */
const SAME = new Set([
  ...['type', 'description', 'default', 'enum', 'format', 'minLength', 'maxLength', 'minItems', 'maxItems'],
  ...['minimum', 'maximum'],
]);
/** Read by their own code below. */
const CONVERTED = new Set([
  ...['properties', 'required', 'items', 'anyOf', 'const', 'pattern', 'patternProperties', 'additionalProperties'],
  ...['exclusiveMinimum', 'exclusiveMaximum'],
]);

/**
 * A TypeBox schema as a structural OpenAPI v3 schema of a CustomResourceDefinition: unions of literals become enums,
 * exclusive bounds those of OpenAPI 3.0, free documents keep unknown fields, fields with a default are not required (the API
 * server fills them in), and every pattern becomes a rule with words. Throws on what has no such form, so that nothing of
 * a contract is lost in silence.
 */
export class StructuralSchemas {
  readonly #rules: Rules;
  readonly #patterns: Patterns;
  readonly #unused: Set<string>;

  constructor(rules: Rules, patterns: Patterns) {
    this.#rules = rules;
    this.#patterns = patterns;
    this.#unused = new Set(Object.keys(rules));
  }

  /** Paths of rules that no value was found for: a field was renamed. */
  get unused(): readonly string[] {
    return [...this.#unused];
  }

  of(schema: object, path: string): Json {
    const source = JSON.parse(JSON.stringify(schema)) as Json;
    const unknown = Object.keys(source).filter((keyword) => !SAME.has(keyword) && !CONVERTED.has(keyword));
    if (unknown.length > 0) throw new Error(`${path}: nothing is known of the keywords ${unknown.join(', ')}`);
    const plain = Object.fromEntries(Object.entries(source).filter(([keyword]) => SAME.has(keyword)));
    return {
      ...plain,
      ...(source.default === undefined ? {} : { default: filledIn(source, source.default) }),
      ...choicesOf(source, path),
      ...boundsOf(source),
      ...this.#objectOf(source, path),
      ...(source.items === undefined ? {} : { items: this.of(source.items as object, `${path}[]`) }),
      ...this.#validationsOf(source, path),
    };
  }

  #objectOf({ type, properties, required = [], patternProperties }: Json, path: string): Json {
    if (patternProperties !== undefined) return { 'x-kubernetes-preserve-unknown-fields': true };
    if (type !== 'object') return {};
    const fields = Object.entries(properties as Record<string, Json>);
    const needed = (required as string[]).filter(
      (name) => fields.find(([one]) => one === name)?.[1].default === undefined,
    );
    return {
      ...(needed.length === 0 ? {} : { required: needed }),
      properties: Object.fromEntries(fields.map(([name, field]) => [name, this.of(field, joined(path, name))])),
    };
  }

  #validationsOf({ pattern }: Json, path: string): Json {
    const worded = typeof pattern === 'string' ? this.#patterns.get(pattern) : undefined;
    if (typeof pattern === 'string' && worded === undefined)
      throw new Error(`${path}: no words for the pattern ${pattern}`);
    this.#unused.delete(path);
    const rules = [...(worded === undefined ? [] : [worded]), ...(this.#rules[path] ?? [])];
    return rules.length === 0 ? {} : { 'x-kubernetes-validations': rules };
  }
}

/** A default with the defaults of its fields: the apiserver tries the rules on it before it has filled anything in. */
function filledIn({ properties }: Json, value: unknown): unknown {
  if (properties === undefined || typeof value !== 'object') return value;
  const fields = Object.entries(properties as Record<string, Json>).filter(([, field]) => field.default !== undefined);
  return { ...Object.fromEntries(fields.map(([name, field]) => [name, filledIn(field, field.default)])), ...value };
}

export const joined = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

/** A union of literals, an enum or a literal, as an enum of texts. */
function choicesOf({ anyOf, enum: values, const: value }: Json, path: string): Json {
  const literals = anyOf === undefined ? undefined : (anyOf as Json[]).map((one) => one.const);
  const choices = literals ?? (values as unknown[] | undefined) ?? (value === undefined ? undefined : [value]);
  if (choices === undefined) return {};
  if (choices.every((choice) => typeof choice === 'string')) return { type: 'string', enum: choices };
  throw new Error(`${path}: a structural schema has no choice between ${JSON.stringify(anyOf ?? choices)}`);
}

function boundsOf({ exclusiveMinimum, exclusiveMaximum }: Json): Json {
  return {
    ...(exclusiveMinimum === undefined ? {} : { minimum: exclusiveMinimum, exclusiveMinimum: true }),
    ...(exclusiveMaximum === undefined ? {} : { maximum: exclusiveMaximum, exclusiveMaximum: true }),
  };
}
