import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { effectiveParameters } from '../../src/contracts/effective-parameters.ts';
import { CandidateSet } from '../../src/retrieval/candidate-set.ts';
import { FusionScratch } from '../../src/retrieval/fusion.ts';
import { retrieveCandidates } from '../../src/retrieval/retrieve.ts';
import {
  SOURCE_COUNT,
  SOURCE_INDEX,
  type CandidateSource,
  type SourceName,
  type SourceQuery,
} from '../../src/retrieval/source.ts';

const ITEMS = 200;
const query: SourceQuery = {
  profile: { length: 0, rows: new Int32Array(0), types: new Uint8Array(0), timesS: new Float64Array(0) },
  nowS: 0,
  category: -1,
  userVector: null,
  excluded: null,
};
const fixed = (name: SourceName, rows: readonly number[]): CandidateSource => ({
  name,
  retrieve: (_, k, out) => rows.slice(0, k).forEach((row, i) => out.add(row, SOURCE_INDEX[name], 1 / (i + 1), i + 1)),
});
const rowsOf = (set: CandidateSet) => [...set.rows.subarray(0, set.count)];
const setOf = () => ({ set: new CandidateSet(1_000), scratch: new FusionScratch(1_000) });
const distinct = fc.uniqueArray(fc.integer({ min: 0, max: ITEMS - 1 }), { maxLength: 80 });

describe('retrieval', () => {
  it('is the union of the sources, each candidate once, with the ranks that its sources gave', () => {
    fc.assert(
      fc.property(distinct, distinct, distinct, (a, b, c) => {
        const { set, scratch } = setOf();
        const sources = [fixed('two_tower', a), fixed('content', b), fixed('trending', c)];
        retrieveCandidates(sources, query, effectiveParameters({}), set, scratch);
        const lists = [a, b.slice(0, 100), c.slice(0, 100)];
        expect(rowsOf(set).sort()).toEqual([...new Set(lists.flat())].sort());
        for (let i = 0; i < set.count; i++) {
          expect(set.slotOf(set.rows[i]!)).toBe(i);
          expect(set.ranks[i * SOURCE_COUNT + SOURCE_INDEX.content]).toBe(b.indexOf(set.rows[i]!) + 1);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('fuses by the shares: collaborative before content before what merely sells', () => {
    const { set, scratch } = setOf();
    const sources = [fixed('co_visitation', [1]), fixed('content', [2]), fixed('trending', [3])];
    retrieveCandidates(sources, query, effectiveParameters({}), set, scratch);
    expect(rowsOf(set)).toEqual([1, 2, 3]);
    const reversed = effectiveParameters({ shares: { collaborative: 0.2, content: 0.8 } });
    retrieveCandidates(sources, query, reversed, set, scratch);
    expect(rowsOf(set)).toEqual([2, 1, 3]);
  });

  it('keeps the best of the fused order when there are too many', () => {
    const { set, scratch } = setOf();
    const rows = Array.from({ length: 150 }, (_, i) => i);
    const parameters = effectiveParameters({ candidatesMax: 20 });
    retrieveCandidates([fixed('two_tower', rows)], query, parameters, set, scratch);
    expect(rowsOf(set)).toEqual(rows.slice(0, 20));
  });

  it('names a source that throws and serves with the others', () => {
    const { set, scratch } = setOf();
    const broken: CandidateSource = {
      name: 'content',
      retrieve: () => {
        throw new Error('torn list');
      },
    };
    const notes = retrieveCandidates([fixed('two_tower', [5]), broken], query, effectiveParameters({}), set, scratch);
    expect(rowsOf(set)).toEqual([5]);
    expect(notes.failed).toMatchObject([{ source: 'content', error: { message: 'torn list' } }]);
  });

  it('does not ask a source that failed for scores: it still holds those of another request', () => {
    const { set, scratch } = setOf();
    const stale: CandidateSource = {
      name: 'item_item',
      retrieve: () => {
        throw new Error('torn list');
      },
      score: (_, out) => {
        out.scores[SOURCE_INDEX.item_item] = 99;
      },
    };
    const notes = retrieveCandidates([stale, fixed('popular', [5])], query, effectiveParameters({}), set, scratch);
    expect(notes.failed).toHaveLength(1);
    expect(set.scores[SOURCE_INDEX.item_item]).toBe(0);
  });

  it('says which half of the hybrid is missing', () => {
    const { set, scratch } = setOf();
    const notesOf = (names: readonly SourceName[], off: Partial<Record<SourceName, number>> = {}) =>
      retrieveCandidates(
        names.map((name) => fixed(name, [1])),
        query,
        effectiveParameters({ sources: off }),
        set,
        scratch,
      );
    const absent = (...args: Parameters<typeof notesOf>) => notesOf(...args).absent;
    expect(absent(['two_tower', 'content', 'popular'])).toEqual([]);
    expect(absent(['two_tower', 'category'])).toEqual(['content']);
    expect(absent(['content', 'repeats'])).toEqual(['collaborative']);
    expect(absent(['item_item', 'content'], { content: 0 })).toEqual(['content']);
    expect(absent(['popular'])).toEqual(['collaborative', 'content']);
    // ials is off by default; those of an absent half are not named one by one.
    const rest: SourceName[] = ['category', 'repeats', 'trending', 'popular', 'new_items'];
    expect(notesOf(['two_tower', 'item_item', 'content', ...rest]).lacking).toEqual(['co_visitation', 'user_user']);
    expect(notesOf(['two_tower', 'item_item', 'content', ...rest], { user_user: 0 }).lacking).toEqual([
      'co_visitation',
    ]);
    expect(notesOf(rest).lacking).toEqual([]);
  });

  it('orders as the formula of reciprocal-rank fusion does, whatever the lists', () => {
    fc.assert(
      fc.property(distinct, distinct, distinct, distinct, (a, b, c, d) => {
        const { set, scratch } = setOf();
        const lists = [
          { name: 'two_tower', rows: a, weight: b.length > 0 ? 0.35 : 0.7 },
          { name: 'item_item', rows: b, weight: a.length > 0 ? 0.35 : 0.7 },
          { name: 'content', rows: c, weight: 0.3 },
          { name: 'repeats', rows: d, weight: 1 },
        ] as const;
        const sources = lists.map(({ name, rows }) => fixed(name, rows));
        retrieveCandidates(sources, query, effectiveParameters({ candidatesMax: 60 }), set, scratch);
        const fused = new Map<number, number>();
        for (const { rows, weight } of lists)
          rows.slice(0, 100).forEach((row, i) => fused.set(row, (fused.get(row) ?? 0) + weight / (20 + i + 1)));
        const scores = rowsOf(set).map((row) => fused.get(row)!);
        const best = [...fused.values()].sort((x, y) => y - x).slice(0, 60);
        expect(scores.length).toBe(best.length);
        // Fused scores are compared as float32.
        scores.forEach((score, i) => expect(score).toBeCloseTo(best[i]!, 7));
      }),
    );
  });
});
