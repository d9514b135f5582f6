import { hash } from './hash.ts';

export interface Palette {
  readonly paper: string;
  readonly shape: string;
  readonly body: string;
  readonly shade: string;
  readonly accent: string;
}

/** Base hue per category of the demo shop, so that a shelf has a character of its own. */
const HUES: Readonly<Record<string, number>> = {
  Electronics: 215,
  Kitchen: 24,
  Furniture: 38,
  Clothing: 335,
  Shoes: 12,
  Beauty: 350,
  Sports: 160,
  Toys: 48,
  Books: 265,
  Grocery: 95,
};

/** Colours from category and brand: the brand turns the hue a little, so its products look alike. */
export function paletteOf(category: string, brand: string, title: string): Palette {
  const base = HUES[category] ?? hash(category) % 360;
  const hue = (base + (hash(brand || title) % 44) - 22 + 360) % 360;
  const accent = (hue + 150 + (hash(title) % 60)) % 360;
  return {
    paper: `hsl(${hue} 42% 94%)`,
    shape: `hsl(${hue} 48% 86%)`,
    body: `hsl(${hue} 46% 46%)`,
    shade: `hsl(${hue} 50% 32%)`,
    accent: `hsl(${accent} 62% 60%)`,
  };
}
