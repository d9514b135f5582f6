/** Width of an item's metadata vector, the item tower's input and the content source's space. */
export const METADATA_DIM = 96;

/** Columns and weight of each block; a block has unit length before its weight, so the weights alone say what counts. */
const TITLE = { from: 0, width: 56, weight: 0.7 };
const CATEGORY = { from: 56, width: 16, weight: 0.6 };
const BRAND = { from: 72, width: 16, weight: 0.3 };
const PRICE = { from: 88, width: 8, weight: 0.25 };
/** Prices from 0 to about 3,000 in eight bumps on the log scale. */
const PRICE_LOG_MAX = 8;

/** What of an item is known before anybody has seen it. */
export interface ItemFields {
  readonly title: string;
  readonly category: string;
  readonly brand: string;
  readonly price: number;
}

/** FNV-1a, 32 bits, over the UTF-16 units, with a final mix so that the low bits are usable for buckets. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 0;
}

/** Lower-case words of letters and digits, at least two characters long. */
export function titleTokens(title: string): string[] {
  return title
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((token) => token.length > 1);
}

/** Adds a token at two hashed columns with hashed signs, so that two tokens rarely cancel or coincide altogether. */
function addHashed(out: Float32Array, at: number, block: { from: number; width: number }, token: string): void {
  const h = hash(token);
  const columns = [h % block.width, Math.floor(h / block.width) % block.width];
  columns.forEach((column, k) => {
    out[at + block.from + column]! += (h >>> (30 + k)) & 1 ? 1 : -1;
  });
}

function scaleBlock(out: Float32Array, at: number, block: { from: number; width: number; weight: number }): void {
  let squares = 0;
  for (let i = 0; i < block.width; i++) squares += out[at + block.from + i]! ** 2;
  if (squares === 0) return;
  const factor = block.weight / Math.sqrt(squares);
  for (let i = 0; i < block.width; i++) out[at + block.from + i]! *= factor;
}

/**
 * Writes an item's metadata vector to `out[row * METADATA_DIM ..]`: signed-hash title tokens (feature hashing, Weinberger
 * et al. 2009), category, brand, and log price as bumps. A pure function of the item's own fields; a missing field leaves
 * its block 0.
 */
export function fillItemMetadata(item: ItemFields, out: Float32Array, row: number): void {
  const at = row * METADATA_DIM;
  out.fill(0, at, at + METADATA_DIM);
  for (const token of titleTokens(item.title)) addHashed(out, at, TITLE, token);
  if (item.category !== '') addHashed(out, at, CATEGORY, `category:${item.category}`);
  if (item.brand !== '') addHashed(out, at, BRAND, `brand:${item.brand}`);
  const position = (Math.min(Math.log1p(Math.max(0, item.price)), PRICE_LOG_MAX) / PRICE_LOG_MAX) * (PRICE.width - 1);
  for (let i = 0; i < PRICE.width; i++) out[at + PRICE.from + i] = Math.exp(-((i - position) ** 2));
  for (const block of [TITLE, CATEGORY, BRAND, PRICE]) scaleBlock(out, at, block);
}
