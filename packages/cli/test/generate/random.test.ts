import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/generate/random.ts';

const draw = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.bits());

describe('Random', () => {
  it('gives the same stream again after others were drawn', () => {
    fc.assert(
      fc.property(fc.nat(4294967295), fc.nat(1_000_000), (seed, index) => {
        const shared = new Random(seed, 'visit', index + 1);
        draw(shared, 7);
        expect(draw(shared.reseed(seed, 'item', index), 4)).toEqual(draw(new Random(seed, 'item', index), 4));
      }),
    );
  });

  it('gives neighbouring streams that have nothing in common', () => {
    const firsts = new Set<number>();
    for (let index = 0; index < 20_000; index++) firsts.add(new Random(42, 'item', index).bits());
    expect(firsts.size).toBeGreaterThan(19_990);
  });

  it('has the moments it promises, across streams as within one', () => {
    const values = Array.from({ length: 40_000 }, (_, index) => new Random(7, 'shopper', index).normal());
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(Math.abs(variance - 1)).toBeLessThan(0.03);
  });

  it('draws in proportion to weights', () => {
    const random = new Random(1, 'arrival');
    const counts = [0, 0, 0];
    for (let draws = 0; draws < 30_000; draws++) counts[random.weighted([1, 0, 2], 3)]!++;
    expect(counts[1]).toBe(0);
    expect(counts[2]! / counts[0]!).toBeGreaterThan(1.9);
    expect(counts[2]! / counts[0]!).toBeLessThan(2.1);
  });
});
