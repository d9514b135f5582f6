import type { Catalog } from '@shortlist/core/catalog/catalog.ts';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import type { Parameters } from '@shortlist/core/contracts/parameters.ts';
import type { Profile } from '@shortlist/core/contracts/profile.ts';
import type { RecommendRequest } from '@shortlist/core/contracts/recommend.ts';
import type { PriceBand } from './rules/compiled-rules.ts';

/** Why an item may not be shown, as counted and explained. 0: nothing speaks against it. */
export const DROP_REASONS = [
  '',
  'unavailable',
  'hidden',
  'excluded',
  'bought',
  'seen',
  'category',
  'brand',
  'price',
  'price_band',
] as const;
export type DropReason = Exclude<(typeof DROP_REASONS)[number], ''>;

const CODE = Object.fromEntries(DROP_REASONS.map((reason, code) => [reason, code])) as Record<DropReason, number>;

export interface EligibilityInput {
  readonly body: RecommendRequest;
  readonly parameters: Parameters;
  readonly catalog: Catalog;
  readonly profile: Profile;
  readonly nowS: number;
  readonly bands: readonly PriceBand[];
}

/**
 * What one request may be shown: computed once from body, profile and rules, asked per row by the filter stage, for
 * pins, for top-ups and by `why_not`, so that all of them agree.
 */
export class Eligibility {
  /** Rows that this request bars one by one (hidden, excluded, bought, seen), with the reason's code. */
  readonly barred: ReadonlyMap<number, number>;
  readonly #catalog: Catalog;
  /** 1 = allowed, by category code; null when any is. A category that the catalogue does not have allows nothing. */
  readonly #categories: Uint8Array | null;
  readonly #brands: ReadonlySet<number> | null;
  readonly #minPrice: number;
  readonly #maxPrice: number;
  readonly #bandMin: number;
  readonly #bandMax: number;

  constructor(input: EligibilityInput) {
    const { body, catalog, bands } = input;
    const filters = body.context?.filters;
    this.#catalog = catalog;
    this.barred = barredRows(input);
    this.#categories = allowedCategories(catalog, body.context?.category, filters?.categories);
    this.#brands = filters?.brands ? new Set(filters.brands.map((brand) => catalog.brandCode(brand))) : null;
    this.#minPrice = filters?.min_price ?? -Infinity;
    this.#maxPrice = filters?.max_price ?? Infinity;
    this.#bandMin = Math.max(-Infinity, ...bands.map(({ min }) => min));
    this.#bandMax = Math.min(Infinity, ...bands.map(({ max }) => max));
  }

  /** Code in DROP_REASONS of the first thing that speaks against `row`; 0 when it may be shown. */
  against(row: number): number {
    const catalog = this.#catalog;
    if (catalog.available[row] !== 1) return CODE.unavailable;
    const barred = this.barred.get(row);
    if (barred !== undefined) return barred;
    if (this.#categories !== null && this.#categories[catalog.categoryCodes[row]!] !== 1) return CODE.category;
    if (this.#brands !== null && !this.#brands.has(catalog.brandCodes[row]!)) return CODE.brand;
    const price = catalog.prices[row]!;
    if (price < this.#minPrice || price > this.#maxPrice) return CODE.price;
    if (price < this.#bandMin || price > this.#bandMax) return CODE.price_band;
    return 0;
  }

  /** As `against`, for an item that a merchant pinned: it may stand outside the rules' own price bands. */
  againstPinned(row: number): number {
    const reason = this.against(row);
    return reason === CODE.price_band ? 0 : reason;
  }
}

/** Later reasons do not replace earlier ones: what the shopper asked for comes first. */
function barredRows({ body, parameters, catalog, profile, nowS }: EligibilityInput): Map<number, number> {
  const barred = new Map<number, number>();
  const bar = (row: number, reason: number) => {
    if (row >= 0 && !barred.has(row)) barred.set(row, reason);
  };
  for (const id of body.context?.exclude ?? []) bar(catalog.rowOf(id), CODE.excluded);
  const repeats = body.context?.filters?.allow_purchased ?? parameters.repeats.allowPurchased;
  const seenSinceS = nowS - parameters.repeats.hideSeenS;
  for (let i = 0; i < profile.length; i++) {
    const type = profile.types[i]!;
    if (type === EVENT_CODE.hide) bar(profile.rows[i]!, CODE.hidden);
    else if (type === EVENT_CODE.purchase && !repeats) bar(profile.rows[i]!, CODE.bought);
  }
  if (parameters.repeats.hideSeenS === 0) return barred;
  for (let i = profile.length - 1; i >= 0 && profile.timesS[i]! > seenSinceS; i--) {
    const type = profile.types[i]!;
    if (type === EVENT_CODE.view || type === EVENT_CODE.click) bar(profile.rows[i]!, CODE.seen);
  }
  return barred;
}

function allowedCategories(
  catalog: Catalog,
  asked: string | undefined,
  listed: readonly string[] | undefined,
): Uint8Array | null {
  if (asked === undefined && listed === undefined) return null;
  const allowed = new Uint8Array(catalog.categories.length);
  for (const category of listed ?? [asked!]) {
    const code = catalog.categoryCode(category);
    if (code >= 0 && (asked === undefined || asked === category)) allowed[code] = 1;
  }
  return allowed;
}
