import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillItemMetadata, METADATA_DIM, titleTokens } from '../../src/features/item-metadata.ts';

function metadata(item: Parameters<typeof fillItemMetadata>[0]): Float32Array {
  const out = new Float32Array(METADATA_DIM);
  fillItemMetadata(item, out, 0);
  return out;
}
const cosine = (a: Float32Array, b: Float32Array) =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0) / (Math.hypot(...a) * Math.hypot(...b));

describe('item metadata', () => {
  it('splits titles of any script into lower-case words', () => {
    expect(titleTokens('WHITE Hanging-Heart T-LIGHT, 6 × Grün')).toEqual([
      'white',
      'hanging',
      'heart',
      'light',
      'grün',
    ]);
  });

  it('is finite, of bounded length, and the same wherever the row lies', () => {
    const fields = fc.record({
      title: fc.string(),
      category: fc.string(),
      brand: fc.string(),
      price: fc.float({ min: 0, max: 1e6, noNaN: true }),
    });
    fc.assert(
      fc.property(fields, (item) => {
        const one = metadata(item);
        expect(one.every(Number.isFinite)).toBe(true);
        expect(Math.hypot(...one)).toBeLessThan(1.1);
        const two = new Float32Array(3 * METADATA_DIM).fill(9);
        fillItemMetadata(item, two, 2);
        expect(two.subarray(2 * METADATA_DIM)).toEqual(one);
      }),
    );
  });

  it('puts items that share words, category and brand nearer than others', () => {
    const mug = { title: 'Red retrospot mug', category: 'kitchen', brand: 'acme', price: 4 };
    const near = metadata({ ...mug, title: 'Blue retrospot mug', price: 5 });
    const far = metadata({ title: 'Garden hose reel', category: 'garden', brand: 'flow', price: 60 });
    expect(cosine(metadata(mug), near)).toBeGreaterThan(0.7);
    expect(cosine(metadata(mug), far)).toBeLessThan(0.4);
  });

  it('leaves the blocks of missing fields empty', () => {
    const bare = metadata({ title: '', category: '', brand: '', price: 0 });
    expect(bare.subarray(0, 88).every((value) => value === 0)).toBe(true);
  });
});
