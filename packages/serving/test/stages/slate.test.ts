import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cap, MinShare, Pin } from '../../src/rules/compiled-rules.ts';
import type { Similarity } from '../../src/stages/6-rerank/similarity.ts';
import { buildSlate, type SlateInput } from '../../src/stages/6-rerank/slate.ts';

const group = (row: number, groups: number): number => (row * 7919) % groups;
const cap = (max: number, groups: number): Cap => ({ rule: 'cap', max, groupOf: (row) => group(row, groups) });
const share = (rule: string, part: number, wanted: number, groups: number): MinShare => ({
  rule,
  share: part,
  matches: (row) => group(row, groups) === wanted,
});

/** Computed pair by pair. */
function similarityBy(alike: (a: number, b: number) => number): Similarity {
  let pool: number[] = [];
  return {
    begin: (rows, count) => (pool = [...rows.subarray(0, count)]),
    to: (row) => pool.map((other) => alike(other, row)),
  };
}

function inputOf(
  changes: Partial<Omit<SlateInput, 'rules' | 'similarity'>> & {
    caps?: Cap[];
    minShares?: MinShare[];
    count?: number;
    alike?: (a: number, b: number) => number;
  } = {},
) {
  const { caps = [], minShares = [], count = 50, alike = (a, b) => Number(a % 3 === b % 3), ...rest } = changes;
  const pins: readonly Pin[] = rest.pins ?? [];
  let seed = 1;
  return {
    ranked: Int32Array.from({ length: count }, (_, i) => i),
    values: Float32Array.from({ length: count }, (_, i) => 1 - i / count),
    size: 10,
    pins,
    diversity: { lambda: 0, top: 100 },
    exploration: { slots: 0, pool: 100 },
    similarity: similarityBy(alike),
    uniform: () => (seed = (seed * 16807) % 2147483647) / 2147483647,
    rules: { pins, factors: [], caps, minShares, bands: [] },
    ...rest,
  } satisfies SlateInput;
}
const rowsOf = (input: SlateInput): number[] => {
  const { rows, count } = buildSlate(input);
  return Array.from(rows.subarray(0, count));
};

const arbitrary = fc.record({
  count: fc.integer({ min: 0, max: 80 }),
  size: fc.integer({ min: 1, max: 20 }),
  lambda: fc.constantFrom(0, 0.3, 1),
  top: fc.integer({ min: 1, max: 100 }),
  slots: fc.integer({ min: 0, max: 6 }),
  pool: fc.integer({ min: 1, max: 60 }),
  caps: fc.array(fc.record({ max: fc.integer({ min: 0, max: 4 }), groups: fc.integer({ min: 1, max: 6 }) }), {
    maxLength: 2,
  }),
  pins: fc.array(fc.record({ row: fc.integer({ min: 0, max: 99 }), slot: fc.integer({ min: 1, max: 20 }) }), {
    maxLength: 4,
  }),
  shares: fc.array(fc.record({ part: fc.constantFrom(0.1, 0.25, 0.5, 1), wanted: fc.nat(2), groups: fc.constant(3) }), {
    maxLength: 2,
  }),
});

describe('a slate under rules', () => {
  it('never holds an item twice, never exceeds a cap but by pins, and holds pins exactly', () => {
    fc.assert(
      fc.property(arbitrary, ({ count, size, lambda, top, slots, pool, caps, pins, shares }) => {
        const pinned = pins.map(({ row, slot }, i) => ({ rule: `pin ${i}`, row, slot }));
        const compiled = caps.map(({ max, groups }) => cap(max, groups));
        const rows = rowsOf(
          inputOf({
            count,
            size,
            diversity: { lambda, top },
            exploration: { slots, pool },
            caps: compiled,
            pins: pinned,
            minShares: shares.map(({ part, wanted, groups }, i) => share(`share ${i}`, part, wanted, groups)),
          }),
        );
        expect(new Set(rows).size).toBe(rows.length);
        expect(rows.length).toBeLessThanOrEqual(size);
        const inForce: Pin[] = [];
        for (const pin of pinned)
          if (pin.slot <= size && !inForce.some(({ row, slot }) => row === pin.row || slot === pin.slot))
            inForce.push(pin);
        for (const { row, slot } of inForce) {
          // In a slate that ran out of items, gaps close upwards; otherwise the slot is the pin's.
          expect(rows).toContain(row);
          if (rows.length === size) expect(rows[slot - 1]).toBe(row);
        }
        for (const { max, groupOf } of compiled) {
          const counts = new Map<number, number>();
          for (const row of rows) counts.set(groupOf(row), (counts.get(groupOf(row)) ?? 0) + 1);
          for (const [which, held] of counts) {
            const byPins = inForce.filter(({ row }) => groupOf(row) === which).length;
            expect(held).toBeLessThanOrEqual(Math.max(max, byPins));
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('reaches a minimum share whenever the candidates and the caps allow it', () => {
    fc.assert(
      fc.property(arbitrary, fc.nat(2), ({ count, size, lambda, top, slots, pool, caps }, wanted) => {
        const rule = share('share', 0.5, wanted, 3);
        const compiled = caps.slice(0, 1).map(({ max, groups }) => cap(max, groups));
        const rows = rowsOf(
          inputOf({
            count,
            size,
            diversity: { lambda, top },
            exploration: { slots, pool },
            caps: compiled,
            minShares: [rule],
          }),
        );
        const matching = Array.from({ length: count }, (_, row) => row).filter(rule.matches);
        // Under one cap by groups, the most that fit is the sum over groups of min(group, cap).
        const perGroup = new Map<number, number>();
        for (const row of matching) {
          const which = compiled[0]?.groupOf(row) ?? row;
          perGroup.set(which, Math.min((perGroup.get(which) ?? 0) + 1, compiled[0]?.max ?? 1));
        }
        const possible = [...perGroup.values()].reduce((sum, one) => sum + one, 0);
        expect(rows.filter(rule.matches).length).toBeGreaterThanOrEqual(Math.min(Math.ceil(0.5 * size), possible));
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps several disjoint shares at once', () => {
    const rules = [share('zero', 0.4, 0, 3), share('one', 0.3, 1, 3)];
    const count = 60;
    const ranked = Int32Array.from({ length: count }, (_, i) => i).sort((a, b) => group(b, 3) - group(a, 3) || a - b);
    const rows = rowsOf(inputOf({ count, ranked, minShares: rules }));
    expect(rows.filter(rules[0]!.matches)).toHaveLength(4);
    expect(rows.filter(rules[1]!.matches)).toHaveLength(3);
  });

  it('says which rule is why', () => {
    const slate = buildSlate(inputOf({ caps: [cap(1, 4)], pins: [{ rule: 'banner', row: 30, slot: 2 }] }));
    expect(slate.placements.get(30)).toEqual({ rule: 'banner', effect: 'pinned to slot 2' });
    expect(slate.count).toBe(4);
    expect(slate.cappedBy(10)).toBe('cap');
  });
});

describe('diversity', () => {
  it('leaves the ranked order untouched at lambda 0', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 80 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 90 }),
        (count, size, top) => {
          expect(rowsOf(inputOf({ count, size, diversity: { lambda: 0, top } }))).toEqual(
            Array.from({ length: Math.min(count, size) }, (_, i) => i),
          );
        },
      ),
    );
  });
  it('gives the same picks as computing every maximum anew', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0.1, 0.3, 0.7, 1),
        fc.integer({ min: 2, max: 40 }),
        fc.integer({ min: 1, max: 12 }),
        (lambda, count, size) => {
          const alike = (a: number, b: number) => Math.cos((a + 1) * (b + 1));
          const input = inputOf({ count, size, diversity: { lambda, top: 100 }, alike });
          const chosen: number[] = [];
          while (chosen.length < Math.min(count, size)) {
            let best = -1;
            let bestScore = -Infinity;
            for (let row = 0; row < count; row++) {
              if (chosen.includes(row)) continue;
              const relevance = Math.log(input.values[row]!);
              const nearest = Math.max(0, ...chosen.map((other) => alike(row, other)));
              const score = (1 - lambda) * relevance - lambda * nearest;
              if (score > bestScore) [best, bestScore] = [row, score];
            }
            chosen.push(best);
          }
          expect(rowsOf(input)).toEqual(chosen);
        },
      ),
    );
  });
  it('gives the same picks for larger and smaller values, and whatever else is in the pool', () => {
    const alike = (a: number, b: number) => Math.cos((a + 1) * (b + 1));
    fc.assert(
      fc.property(fc.constantFrom(0.1, 0.3, 0.7), fc.integer({ min: -6, max: 6 }), (lambda, power) => {
        const count = 40;
        const values = Float32Array.from({ length: count }, (_, i) => 1 / (i + 1));
        const picks = (scale: number, worst: number) =>
          rowsOf(
            inputOf({
              count: count + 1,
              values: Float32Array.from([...values, worst], (value) => value * scale),
              diversity: { lambda, top: 100 },
              alike: (a, b) => (a === count || b === count ? 1 : alike(a, b)),
            }),
          );
        // Powers of two: the products are exact.
        const expected = picks(1, values[count - 1]!);
        expect(picks(2 ** power, values[count - 1]!)).toEqual(expected);
        expect(picks(1, 1e-9)).toEqual(expected);
      }),
    );
  });
  it('takes a near-duplicate that is worth exp(lambda / (1 - lambda)) times the other, and not one worth less', () => {
    const price = Math.exp(0.3 / 0.7);
    const second = (worth: number) =>
      rowsOf(
        inputOf({
          count: 3,
          size: 2,
          values: Float32Array.from([1, 0.1 * worth, 0.1]),
          diversity: { lambda: 0.3, top: 100 },
          alike: (a, b) => Number(a < 2 && b < 2),
        }),
      )[1];
    expect([second(price * 1.01), second(price * 0.99)]).toEqual([1, 2]);
  });
  it('still fills the slate where values are 0', () => {
    const values = new Float32Array(12).fill(0.5, 0, 3);
    expect(rowsOf(inputOf({ count: 12, values, diversity: { lambda: 0.3, top: 100 } }))).toHaveLength(10);
  });
});

describe('exploration', () => {
  it('draws every pool item equally often at every drawn slot, with that propensity', () => {
    const draws = 20_000;
    const counts = new Map<number, number>();
    let propensity = 0;
    let seed = 42;
    const uniform = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
    for (let i = 0; i < draws; i++) {
      const slate = buildSlate(inputOf({ size: 5, exploration: { slots: 2, pool: 13 }, uniform }));
      expect(Array.from(slate.rows.subarray(0, 3))).toEqual([0, 1, 2]);
      expect(Array.from(slate.explored)).toEqual([0, 0, 0, 1, 1]);
      propensity = slate.propensities[4]!;
      counts.set(slate.rows[4]!, (counts.get(slate.rows[4]!) ?? 0) + 1);
    }
    expect(propensity).toBeCloseTo(1 / 10, 6);
    expect(counts.size).toBe(10);
    // 5 standard deviations of a binomial.
    for (const count of counts.values())
      expect(Math.abs(count / draws - propensity)).toBeLessThan(5 * Math.sqrt((propensity * 0.9) / draws));
  });
  it('gives the same slate for the same seed only', async () => {
    const { uniforms } = await import('../../src/stages/6-rerank/exploration.ts');
    const slate = (id: string) => rowsOf(inputOf({ exploration: { slots: 5, pool: 50 }, uniform: uniforms(id) }));
    expect(slate('request-1')).toEqual(slate('request-1'));
    expect(slate('request-1')).not.toEqual(slate('request-2'));
  });
});
