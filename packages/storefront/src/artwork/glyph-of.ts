import type { Glyph } from './glyph.ts';
import {
  board,
  camera,
  chair,
  headphones,
  lamp,
  mug,
  pot,
  router,
  screen,
  table,
  tablet,
  watch,
} from './glyphs-home.tsx';
import { boot, bottle, coat, dress, jar, sandal, shirt, sneaker, trousers } from './glyphs-wear.tsx';
import {
  backpack,
  ball,
  bear,
  blocks,
  book,
  car,
  carton,
  dumbbell,
  flask,
  mat,
  openBook,
  parcel,
  preserve,
  puzzle,
  racket,
  tent,
} from './glyphs-leisure.tsx';

/** Words that have a picture of their own, in the category where they name a thing (a coffee table is no coffee). */
const BY_WORD: readonly (readonly [category: string, word: RegExp, glyph: Glyph])[] = [
  ['Electronics', /headphone|earbud|speaker|microphone/i, headphones],
  ['Electronics', /camera|drone|projector/i, camera],
  ['Electronics', /tablet|e-reader|phone/i, tablet],
  ['Electronics', /watch|clock/i, watch],
  ['Electronics', /router|charger/i, router],
  ['Kitchen', /mug|teapot|kettle|espresso|cup\b/i, mug],
  ['Kitchen', /knife|cutting board|grater|whisk/i, board],
  ['Furniture', /lamp|light\b|lantern|candle/i, lamp],
  ['Furniture', /table\b|desk|bench|stool|nightstand|sideboard|bookshelf/i, table],
  ['Clothing', /dress|skirt|blouse/i, dress],
  ['Clothing', /trousers|shorts|jeans/i, trousers],
  ['Clothing', /coat|jacket|cardigan|blazer|hoodie/i, coat],
  ['Shoes', /boots?\b/i, boot],
  ['Shoes', /sandals|slippers|mules|clogs|espadrilles/i, sandal],
  ['Beauty', /cream|mask|balm|soap/i, jar],
  ['Sports', /water bottle|flask/i, flask],
  ['Sports', /backpack|sleeping bag|bag\b/i, backpack],
  ['Sports', /racket/i, racket],
  ['Sports', /football|ball\b|helmet/i, ball],
  ['Sports', /\bmat\b/i, mat],
  ['Sports', /dumbbell|rope|gloves/i, dumbbell],
  ['Toys', /bear|dinosaur|doll|robot/i, bear],
  ['Toys', /puzzle|board game/i, puzzle],
  ['Toys', /race car|train/i, car],
  ['Books', /essays|poems|guide|history/i, openBook],
  ['Grocery', /coffee|\btea\b/i, mug],
  ['Grocery', /jam|nut butter|sauce|oil,|honey,/i, preserve],
];

const BY_CATEGORY: Readonly<Record<string, Glyph>> = {
  Electronics: screen,
  Kitchen: pot,
  Furniture: chair,
  Clothing: shirt,
  Shoes: sneaker,
  Beauty: bottle,
  Sports: tent,
  Toys: blocks,
  Books: book,
  Grocery: carton,
};

/**
 * The picture that suits a product: by a word of its title, else by its category, else a parcel. In a category that is
 * not the demo shop's, every word counts.
 */
export function glyphOf(category: string, title: string): Glyph {
  const own = BY_CATEGORY[category];
  const match = BY_WORD.find(([of, word]) => (own === undefined || of === category) && word.test(title));
  return match?.[2] ?? own ?? parcel;
}
