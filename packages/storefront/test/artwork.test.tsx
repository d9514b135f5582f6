import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import type { Product } from '../src/api.ts';
import { Artwork } from '../src/artwork/artwork.tsx';
import { glyphOf } from '../src/artwork/glyph-of.ts';

const product = (category: string, title: string, brand = 'Fjell'): Product => ({
  item_id: 'item-1',
  title,
  category,
  brand,
  price: 10,
});
const draw = (drawn: Product): string => renderToStaticMarkup(<Artwork product={drawn} />);

describe('the picture of a product', () => {
  it('is the same for the same title, category and brand, whatever its id and price', () => {
    const chair = product('Furniture', 'Fjell Low Oak Armchair, Ink');
    expect(draw({ ...chair, item_id: 'item-2', price: 99 })).toBe(draw(chair));
    expect(draw({ ...chair, title: 'Fjell Tall Oak Armchair, Ink' })).not.toBe(draw(chair));
    expect(draw({ ...chair, brand: 'Alder & Ash' })).not.toBe(draw(chair));
  });

  it('shows the thing that the title names, not a word that only describes it', () => {
    expect(glyphOf('Furniture', 'Rowan Low Oak Coffee Table')).toBe(glyphOf('Furniture', 'A Desk'));
    expect(glyphOf('Beauty', 'Fable Gentle Green Tea Cleanser')).toBe(glyphOf('Beauty', 'Toner'));
    expect(glyphOf('Grocery', 'Good Acre Wild Lemon Tea')).not.toBe(glyphOf('Grocery', 'Crackers'));
  });

  it('is found by words alone in a category that the page does not know, and is a parcel without any', () => {
    expect(glyphOf('Homeware', 'WHITE METAL LANTERN')).toBe(glyphOf('Furniture', 'Lamp'));
    expect(glyphOf('Homeware', 'PACK OF 72')).toBe(glyphOf('', ''));
  });

  it('never contains what the catalogue says, so that a title cannot become markup', () => {
    expect(draw(product('<script>', '"><script>alert(1)</script>', '<b>'))).not.toMatch(/script|alert|<b>/);
  });
});
