import type { Catalog } from '@shortlist/core/catalog/catalog.ts';
import type { Match, Rule } from './rule-file.ts';

/** What decides whether a rule applies to a request. */
export interface RuleConditions {
  readonly surface: string | undefined;
  readonly category: string | undefined;
  /** Unix seconds. */
  readonly nowS: number;
}

export interface Pin {
  readonly rule: string;
  readonly row: number;
  /** 1-based. */
  readonly slot: number;
}

export interface Factor {
  readonly rule: string;
  readonly factor: number;
  readonly matches: (row: number) => boolean;
}

export interface Cap {
  readonly rule: string;
  readonly max: number;
  /** Group of each row that the cap counts: a brand or category code; -1 = not capped. */
  readonly groupOf: (row: number) => number;
}

export interface MinShare {
  readonly rule: string;
  /** 0..1 of the slate, rounded up to whole items. */
  readonly share: number;
  readonly matches: (row: number) => boolean;
}

export interface PriceBand {
  readonly rule: string;
  readonly min: number;
  readonly max: number;
}

/** The rules that hold for one request, in the codes of one catalogue, each kind in file order. */
export interface ActiveRules {
  readonly pins: readonly Pin[];
  readonly factors: readonly Factor[];
  readonly caps: readonly Cap[];
  readonly minShares: readonly MinShare[];
  readonly bands: readonly PriceBand[];
}

export const NO_RULES: ActiveRules = { pins: [], factors: [], caps: [], minShares: [], bands: [] };

interface Compiled {
  readonly holds: (conditions: RuleConditions) => boolean;
  readonly addTo: (active: MutableRules) => void;
}
type MutableRules = { -readonly [K in keyof ActiveRules]: ActiveRules[K][number][] };

/**
 * Rules translated once per release, so that a request compares codes instead of strings. An item, brand or category
 * that this release does not have matches nothing: rules outlive catalogues.
 */
export class CompiledRules {
  readonly #compiled: readonly Compiled[];

  constructor(rules: readonly Rule[], catalog: Catalog) {
    this.#compiled = rules.map((rule) => ({ holds: conditionOf(rule), addTo: actionOf(rule, catalog) }));
  }

  /** The rules whose conditions hold. */
  active(conditions: RuleConditions): ActiveRules {
    if (this.#compiled.length === 0) return NO_RULES;
    const active: MutableRules = { pins: [], factors: [], caps: [], minShares: [], bands: [] };
    for (const { holds, addTo } of this.#compiled) if (holds(conditions)) addTo(active);
    return active;
  }
}

function conditionOf({ when }: Rule): (conditions: RuleConditions) => boolean {
  if (when === undefined) return () => true;
  const surfaces = when.surface && new Set(when.surface);
  const categories = when.category && new Set(when.category);
  const fromS = when.from === undefined ? -Infinity : Date.parse(when.from) / 1000;
  const untilS = when.until === undefined ? Infinity : Date.parse(when.until) / 1000;
  return ({ surface, category, nowS }) =>
    (surfaces === undefined || (surface !== undefined && surfaces.has(surface))) &&
    (categories === undefined || (category !== undefined && categories.has(category))) &&
    nowS >= fromS &&
    nowS < untilS;
}

function actionOf(rule: Rule, catalog: Catalog): (active: MutableRules) => void {
  const { name, pin, boost, bury, cap, min_share: share, price_band: band } = rule;
  if (pin !== undefined) {
    const row = catalog.rowOf(pin.item);
    return ({ pins }) => void (row >= 0 && pins.push({ rule: name, row, slot: pin.slot }));
  }
  const factor = boost ?? bury;
  if (factor !== undefined) {
    const compiled: Factor = { rule: name, factor: factor.factor, matches: matcherOf(factor.match, catalog) };
    return ({ factors }) => void factors.push(compiled);
  }
  if (cap !== undefined) {
    const compiled: Cap = { rule: name, max: cap.max, groupOf: groupOf(cap.per, cap.only, catalog) };
    return ({ caps }) => void caps.push(compiled);
  }
  if (share !== undefined) {
    const compiled: MinShare = { rule: name, share: share.share, matches: matcherOf(share.match, catalog) };
    return ({ minShares }) => void minShares.push(compiled);
  }
  if (band !== undefined) {
    const compiled: PriceBand = { rule: name, min: band.min ?? 0, max: band.max ?? Infinity };
    return ({ bands }) => void bands.push(compiled);
  }
  throw new Error(`rule ${name} has no action`); // parseRules lets none through
}

function groupOf(
  per: 'brand' | 'category',
  only: readonly string[] | undefined,
  catalog: Catalog,
): (row: number) => number {
  const codes = per === 'brand' ? catalog.brandCodes : catalog.categoryCodes;
  if (only === undefined) return (row) => codes[row]!;
  const capped = codesOf(only, per === 'brand' ? catalog.brands : catalog.categories);
  return (row) => (capped.has(codes[row]!) ? codes[row]! : -1);
}

function matcherOf(match: Match, catalog: Catalog): (row: number) => boolean {
  const items = match.item && new Set(match.item.map((id) => catalog.rowOf(id)).filter((row) => row >= 0));
  const categories = match.category && codesOf(match.category, catalog.categories);
  const brands = match.brand && codesOf(match.brand, catalog.brands);
  const min = match.price?.min ?? 0;
  const max = match.price?.max ?? Infinity;
  return (row) =>
    (items === undefined || items.has(row)) &&
    (categories === undefined || categories.has(catalog.categoryCodes[row]!)) &&
    (brands === undefined || brands.has(catalog.brandCodes[row]!)) &&
    catalog.prices[row]! >= min &&
    catalog.prices[row]! <= max;
}

function codesOf(names: readonly string[], all: readonly string[]): ReadonlySet<number> {
  return new Set(names.map((name) => all.indexOf(name)).filter((code) => code >= 0));
}
