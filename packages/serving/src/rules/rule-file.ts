import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { LineCounter, isMap, isNode, isPair, parseDocument, type Document, type Node } from 'yaml';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';

const closed = { additionalProperties: false } as const;
const Name = Type.String({ minLength: 1, maxLength: 256 });
const Names = Type.Array(Name, { minItems: 1, maxItems: 1000 });
const Price = Type.Number({ minimum: 0 });
const Band = Type.Object({ min: Type.Optional(Price), max: Type.Optional(Price) }, closed);

const MatchSchema = Type.Object(
  {
    item: Type.Optional(Names),
    category: Type.Optional(Names),
    brand: Type.Optional(Names),
    price: Type.Optional(Band),
  },
  { ...closed, minProperties: 1, description: 'An item matches when it satisfies every key; a list means any of it.' },
);

const WhenSchema = Type.Object(
  {
    surface: Type.Optional(Names),
    category: Type.Optional(Names),
    from: Type.Optional(Type.String({ description: 'First moment, ISO 8601.' })),
    until: Type.Optional(Type.String({ description: 'First moment after, ISO 8601.' })),
  },
  { ...closed, description: 'All keys must hold; category is the one that the request asked for.' },
);

const ACTIONS = {
  pin: Type.Object({ item: Name, slot: Type.Integer({ minimum: 1, maximum: 100 }) }, closed),
  boost: Type.Object({ match: MatchSchema, factor: Type.Number({ minimum: 1, maximum: 1000 }) }, closed),
  bury: Type.Object({ match: MatchSchema, factor: Type.Number({ minimum: 0, maximum: 1 }) }, closed),
  cap: Type.Object(
    {
      per: Type.Union([Type.Literal('brand'), Type.Literal('category')]),
      max: Type.Integer({ minimum: 0, maximum: 100 }),
      only: Type.Optional(Names),
    },
    { ...closed, description: 'At most `max` items of each brand or category, or of each of `only`.' },
  ),
  min_share: Type.Object({ match: MatchSchema, share: Type.Number({ minimum: 0, maximum: 1 }) }, closed),
  price_band: Type.Object({ ...Band.properties }, { ...closed, minProperties: 1 }),
} as const;

const RuleSchema = Type.Object(
  {
    name: Name,
    when: Type.Optional(WhenSchema),
    pin: Type.Optional(ACTIONS.pin),
    boost: Type.Optional(ACTIONS.boost),
    bury: Type.Optional(ACTIONS.bury),
    cap: Type.Optional(ACTIONS.cap),
    min_share: Type.Optional(ACTIONS.min_share),
    price_band: Type.Optional(ACTIONS.price_band),
  },
  closed,
);

/** The merchant's rules: one YAML document, `rules:` with a list of named rules of one action each. */
export const RuleFileSchema = Type.Object({ rules: Type.Array(RuleSchema, { maxItems: 1000 }) }, closed);

export type Rule = Static<typeof RuleSchema>;
export type Match = Static<typeof MatchSchema>;

type Path = readonly (string | number)[];

/**
 * Reads a rules file. Aliases are refused (a few lines of them expand to gigabytes).
 * Errors: `rules_invalid` with file, line (1-based) and field, for the first thing that is wrong.
 */
export function parseRules(text: string, file: string): readonly Rule[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const fail = (path: Path, reason: string, offset?: number): never => {
    const line = offset === undefined ? lineOf(document, lines, path) : lines.linePos(offset).line;
    throw new ShortlistError('rules_invalid', { file, line, field: spell(path), reason });
  };
  const [problem] = document.errors;
  if (problem !== undefined) return fail([], problem.message.split('\n')[0]!, problem.pos[0]);
  let content: unknown;
  try {
    content = document.toJS({ maxAliasCount: 0 });
  } catch {
    return fail([], 'aliases are not allowed');
  }
  // An empty file is an empty list: how somebody turns all rules off.
  content ??= { rules: [] };
  const [error] = Value.Errors(RuleFileSchema, content);
  if (error !== undefined) {
    const path = error.instancePath.split('/').slice(1).map(unescapePointer);
    const extra = (error.params as { additionalProperties?: readonly string[] }).additionalProperties?.[0];
    return extra === undefined ? fail(path, error.message) : fail([...path, extra], 'there is no such key');
  }
  const { rules } = content as Static<typeof RuleFileSchema>;
  const seen = new Set<string>();
  rules.forEach((rule, i) => {
    checkRule(rule, ['rules', i], fail);
    if (seen.has(rule.name)) fail(['rules', i, 'name'], `${rule.name} is used twice`);
    seen.add(rule.name);
  });
  return rules;
}

/** What a schema cannot say. */
function checkRule(rule: Rule, path: Path, fail: (path: Path, reason: string) => never): void {
  const actions = Object.keys(ACTIONS).filter((action) => action in rule);
  if (actions.length !== 1) fail(path, `a rule has exactly one of ${Object.keys(ACTIONS).join(', ')}`);
  for (const key of ['from', 'until'] as const) {
    const moment = rule.when?.[key];
    if (moment !== undefined && Number.isNaN(Date.parse(moment))) fail([...path, 'when', key], 'it is not a date');
  }
  const { from, until } = rule.when ?? {};
  if (from !== undefined && until !== undefined && Date.parse(from) >= Date.parse(until))
    fail([...path, 'when', 'until'], 'it is not after from');
  for (const action of ['boost', 'bury', 'min_share'] as const)
    checkBand(rule[action]?.match.price, [...path, action, 'match', 'price'], fail);
  checkBand(rule.price_band, [...path, 'price_band'], fail);
}

function checkBand(
  band: { min?: number | undefined; max?: number | undefined } | undefined,
  path: Path,
  fail: (path: Path, reason: string) => never,
): void {
  if (band?.min !== undefined && band.max !== undefined && band.min > band.max) fail(path, 'min is above max');
}

function unescapePointer(part: string): string | number {
  const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
  return /^\d+$/.test(name) ? Number(name) : name;
}

const spell = (path: Path): string =>
  path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : `${text}${text && '.'}${part}`),
    '',
  ) || 'file';

/** Line of the node at `path`, or of the nearest one above it that exists; of the key where the node is a pair's. */
function lineOf(document: Document, lines: LineCounter, path: Path): number {
  for (let depth = path.length; depth > 0; depth--) {
    const parent = document.getIn(path.slice(0, depth - 1), true);
    const key = path[depth - 1];
    const pair = isMap(parent)
      ? parent.items.find((one) => isPair(one) && isNode(one.key) && one.key.toJS(document) === key)
      : undefined;
    const node = (pair?.key ?? document.getIn(path.slice(0, depth), true)) as Node | undefined;
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}
