import { fromS, type GeneratorParameters } from './parameters.ts';
import { Random } from './random.ts';
import { CATEGORIES } from './vocabulary.ts';

export const STYLE_DIM = 8;
export const BRAND_DIM = 4;

/** Share of items that appear inside the window, and of items that run out before its end. */
const NEW_SHARE = 0.18;
const STOCK_OUT_SHARE = 0.04;
const STOCK_OUT_DAYS = 21;
const AGE_DAYS_MAX = 500;
/** Zipf exponent of popularity over rank. */
const ZIPF = 0.85;
/** Brands of a category are Zipf-sized too, more gently. */
const BRAND_ZIPF = 0.6;
/** How much each part of a title says about the item's style; the rest is noise no metadata shows. */
const STYLE_PARTS = { adjective: 0.62, noun: 0.5, material: 0.42, noise: 0.44 } as const;
const PRICE_ENDINGS = [0.99, 0.95, 0.5, 0.0] as const;

/** One item as the shop would show it, with what only the generator knows. */
export interface GeneratedItem {
  readonly category: number;
  readonly brand: number;
  readonly adjective: number;
  readonly material: number;
  readonly noun: number;
  readonly variant: number;
  readonly price: number;
  /** Price in standard deviations of the category's logarithm. */
  readonly priceZ: number;
  readonly popularity: number;
  readonly createdS: number;
  /** From when on it is sold out; Infinity when it never is. */
  readonly soldOutS: number;
  /** Latent style, [STYLE_DIM], unit variance. */
  readonly style: Float32Array;
}

export const itemId = (row: number): string => `item-${String(row + 1).padStart(6, '0')}`;

/** Row of an id made by `itemId`, or -1. */
export function itemRow(id: string, items: number): number {
  const row = /^item-\d{6,}$/.test(id) ? Number(id.slice(5)) - 1 : -1;
  return row >= 0 && row < items && itemId(row) === id ? row : -1;
}

const CATEGORY_SHARES = CATEGORIES.map((category) => category.share);
const CATEGORY_TOTAL = CATEGORY_SHARES.reduce((sum, share) => sum + share, 0);
const BRAND_SHARES = CATEGORIES.map(({ brands }) => brands.map((_, rank) => (rank + 1) ** -BRAND_ZIPF));
const BRAND_TOTALS = BRAND_SHARES.map((shares) => shares.reduce((sum, share) => sum + share, 0));

/** Latent vectors of words and brands: small tables, the same for every size of shop. */
export class Latent {
  private readonly words = new Map<number, Float32Array>();
  private readonly seed: number;

  constructor(seed: number) {
    this.seed = seed;
  }

  /** Style of a word, [STYLE_DIM]; `kind` 0 adjective, 1 material, 2 noun. */
  word(category: number, kind: number, index: number): Float32Array {
    return this.vector('word', (category * 3 + kind) * 64 + index, STYLE_DIM);
  }

  /** Character of a brand, [BRAND_DIM]. */
  brand(category: number, index: number): Float32Array {
    return this.vector('brand', category * 64 + index, BRAND_DIM);
  }

  private vector(stream: 'word' | 'brand', index: number, dim: number): Float32Array {
    const key = stream === 'word' ? index : -1 - index;
    let vector = this.words.get(key);
    if (vector === undefined) {
      const random = new Random(this.seed, stream, index);
      vector = Float32Array.from({ length: dim }, () => random.normal());
      this.words.set(key, vector);
    }
    return vector;
  }
}

/** Item `row` of the shop, computed alone. */
export function itemAt(parameters: GeneratorParameters, latent: Latent, row: number, random: Random): GeneratedItem {
  random.reseed(parameters.seed, 'item', row);
  const category = random.weighted(CATEGORY_SHARES, CATEGORY_TOTAL);
  const vocabulary = CATEGORIES[category]!;
  const brand = random.weighted(BRAND_SHARES[category]!, BRAND_TOTALS[category]!);
  const adjective = random.below(vocabulary.adjectives.length);
  const material = random.below(vocabulary.materials.length);
  const noun = random.below(vocabulary.nouns.length);
  const variant = random.below(vocabulary.variants.length);

  const style = new Float32Array(STYLE_DIM);
  const [ofAdjective, ofMaterial, ofNoun] = [adjective, material, noun].map((word, kind) =>
    latent.word(category, kind, word),
  ) as [Float32Array, Float32Array, Float32Array];
  for (let axis = 0; axis < STYLE_DIM; axis++) {
    style[axis] =
      STYLE_PARTS.adjective * ofAdjective[axis]! +
      STYLE_PARTS.material * ofMaterial[axis]! +
      STYLE_PARTS.noun * ofNoun[axis]! +
      STYLE_PARTS.noise * random.normal();
  }

  // A brand's and a product's level move the price together with chance: log-normal within the category.
  const level = 0.5 * latent.brand(category, brand)[0]! + 0.4 * ofNoun[0]! + 0.77 * random.normal();
  const price = roundPrice(vocabulary.priceMedian * Math.exp(vocabulary.priceSpread * level));
  const priceZ = Math.log(price / vocabulary.priceMedian) / vocabulary.priceSpread;

  const popularity = Math.max(1 / parameters.items, random.uniform()) ** -ZIPF;
  const isNew = random.chance(NEW_SHARE);
  const age = random.uniform();
  const from = fromS(parameters);
  const createdS = Math.floor(isNew ? from + age * (parameters.untilS - from) : from - age * AGE_DAYS_MAX * 86_400);
  const soldOutDays = random.uniform() * Math.min(STOCK_OUT_DAYS, parameters.days);
  const soldOutS = random.chance(STOCK_OUT_SHARE) ? parameters.untilS - soldOutDays * 86_400 : Infinity;
  return {
    category,
    brand,
    adjective,
    material,
    noun,
    variant,
    price,
    priceZ,
    popularity,
    createdS,
    soldOutS: Math.max(soldOutS, createdS + 1),
    style,
  };
}

/** A price as shops write it: 23.99, 149.00, never 0. */
function roundPrice(price: number): number {
  if (price >= 200) return Math.round(price / 5) * 5;
  const whole = Math.max(1, Math.floor(price));
  const ending = PRICE_ENDINGS[Math.floor(price * 100) % PRICE_ENDINGS.length]!;
  return Math.round((whole + ending) * 100) / 100;
}

/** One line of items.jsonl. */
export function itemRecord(row: number, item: GeneratedItem) {
  const vocabulary = CATEGORIES[item.category]!;
  const words: Record<string, string> = {
    brand: vocabulary.brands[item.brand]!,
    adjective: vocabulary.adjectives[item.adjective]!,
    material: vocabulary.materials[item.material]!,
    noun: vocabulary.nouns[item.noun]!,
    variant: vocabulary.variants[item.variant]!,
  };
  return {
    item_id: itemId(row),
    title: vocabulary.title.replace(/\{(\w+)\}/g, (_, part: string) => words[part]!),
    category: vocabulary.name,
    brand: words.brand!,
    price: item.price,
    available: item.soldOutS === Infinity,
    created_at: new Date(item.createdS * 1000).toISOString(),
    attributes: { style: words.adjective!, material: words.material!, variant: words.variant! },
  };
}
