import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { effectiveParameters } from '../../src/contracts/effective-parameters.ts';
import { CandidateSet } from '../../src/retrieval/candidate-set.ts';
import { FlatIndex } from '../../src/retrieval/flat-index.ts';
import { FusionScratch } from '../../src/retrieval/fusion.ts';
import { loadSources, type SourceSettings } from '../../src/retrieval/load-sources.ts';
import { retrieveCandidates } from '../../src/retrieval/retrieve.ts';
import { SOURCE_COUNT, SOURCE_INDEX, SOURCES, type SourceName, type SourceQuery } from '../../src/retrieval/source.ts';
import { clusteredVectors } from './clustered-vectors.ts';
import { catalog, DIM, ITEMS, NOW_S, profileOf, settings, sourceFiles, trendingFile, triples } from './tiny-shop.ts';

const itemVectors = clusteredVectors(ITEMS, DIM, 4, 11);
const towers = { index: new FlatIndex(itemVectors, DIM), itemVectors };
const parameters = effectiveParameters({ sources: { ials: 100 } });

const load = (files: ReadonlyMap<string, Uint8Array>, of = settings, with_: typeof towers | null = towers) =>
  loadSources(catalog, of, (name) => files.get(name), with_);
const without = (...names: string[]) => new Map([...sourceFiles()].filter(([name]) => !names.includes(name)));

const profileEvents = fc.array(
  fc.tuple(
    fc.nat(ITEMS - 1),
    fc.constantFrom('view' as const, 'add_to_cart' as const, 'purchase' as const, 'hide' as const),
    fc.integer({ min: 0, max: 200 }),
  ),
  { maxLength: 25 },
);
const queryArbitrary: fc.Arbitrary<SourceQuery> = fc
  .record({
    events: profileEvents,
    category: fc.integer({ min: -1, max: 3 }),
    vector: fc.option(fc.nat(ITEMS - 1)),
    barred: fc.option(fc.nat(6)),
  })
  .map(({ events, category, vector, barred }) => ({
    profile: profileOf(events),
    nowS: NOW_S,
    category,
    userVector: vector === null ? null : itemVectors.slice(vector * DIM, (vector + 1) * DIM),
    excluded: barred === null ? null : Uint8Array.from({ length: ITEMS }, (_, row) => (row % 7 === barred ? 1 : 0)),
  }));

const setOf = () => ({ set: new CandidateSet(500), scratch: new FusionScratch(500) });

describe('sources of a release', () => {
  it('stand in the order of their columns, those without a file left out', () => {
    expect(load(sourceFiles()).sources.map(({ name }) => name)).toEqual(SOURCES.map(({ name }) => name));
    const few = load(
      without('co-visitation.arrow', 'item-item.arrow', 'histories.arrow', 'ials-items.f32'),
      settings,
      null,
    );
    expect(few.sources.map(({ name }) => name)).toEqual([
      'content',
      'category',
      'repeats',
      'trending',
      'popular',
      'new_items',
    ]);
  });

  it('say the same score of an item that they name and of one that they are asked about', () => {
    const { sources } = load(sourceFiles());
    const { set } = setOf();
    fc.assert(
      fc.property(queryArbitrary, (query) => {
        for (const source of sources) {
          if (source.score === undefined) continue;
          set.reset();
          source.retrieve(query, 500, set);
          const column = SOURCE_INDEX[source.name];
          const listed = Array.from({ length: set.count }, (_, c) => set.scores[c * SOURCE_COUNT + column]!);
          // All other rows join as another source's finds.
          for (let row = 0; row < ITEMS; row++)
            if (set.slotOf(row) < 0) set.add(row, (column + 1) % SOURCE_COUNT, 0, 1);
          source.score(query, set);
          for (const [c, score] of listed.entries()) expect(set.scores[c * SOURCE_COUNT + column]).toBe(score);
          const lowest = listed[listed.length - 1];
          for (let c = listed.length; c < ITEMS; c++) {
            if (query.excluded?.[set.rows[c]!] === 1 || lowest === undefined) continue;
            expect(set.scores[c * SOURCE_COUNT + column]).toBeLessThanOrEqual(lowest);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('rank by falling score, never name what is excluded, and fewer when fewer are asked for', () => {
    const { sources } = load(sourceFiles());
    const { set } = setOf();
    fc.assert(
      fc.property(queryArbitrary, fc.integer({ min: 1, max: 10 }), (query, k) => {
        for (const source of sources) {
          const column = SOURCE_INDEX[source.name];
          set.reset();
          source.retrieve(query, 500, set);
          const all = [...set.rows.subarray(0, set.count)];
          const scores = all.map((_, c) => set.scores[c * SOURCE_COUNT + column]!);
          expect(new Set(all).size).toBe(all.length);
          expect(all.some((row) => query.excluded?.[row] === 1)).toBe(false);
          expect(all.map((_, c) => set.ranks[c * SOURCE_COUNT + column])).toEqual(all.map((_, c) => c + 1));
          for (let c = 1; c < scores.length; c++) expect(scores[c]).toBeLessThanOrEqual(scores[c - 1]!);
          set.reset();
          source.retrieve(query, k, set);
          expect([...set.rows.subarray(0, set.count)]).toEqual(all.slice(0, k));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('read profiles in the units and with the damping of the release', () => {
    const scoresOf = (of: SourceSettings, name: SourceName, type: 'view' | 'purchase') => {
      const { set } = setOf();
      set.reset();
      const profile = profileOf([
        [1, type, 0],
        [1, type, 0],
        [2, type, 0],
      ]);
      const query = { profile, nowS: NOW_S, category: -1, userVector: null, excluded: null };
      const source = load(sourceFiles(), of).sources.find((one) => one.name === name)!;
      source.retrieve(query, 500, set);
      return Array.from({ length: set.count }, (_, c) => set.scores[c * SOURCE_COUNT + SOURCE_INDEX[name]]!);
    };
    const with_ = (changes: object) => ({ parameters: { ...settings.parameters, ...changes } });
    const viewsOnly = with_({ weightScale: 1 });
    const linear = with_({ itemItem: { ...settings.parameters.itemItem, damping: 1 } });
    // Where views are the strongest events, a view is as much as a purchase elsewhere.
    for (const name of ['co_visitation', 'item_item', 'content', 'ials', 'user_user'] as const) {
      const purchases = scoresOf(settings, name, 'purchase');
      expect(purchases.length).toBeGreaterThan(5);
      expect(scoresOf(viewsOnly, name, 'view')).toEqual(purchases);
      expect(scoresOf(settings, name, 'view')).not.toEqual(purchases);
    }
    expect(scoresOf(linear, 'item_item', 'purchase')).not.toEqual(scoresOf(settings, 'item_item', 'purchase'));
    for (const name of ['co_visitation', 'content', 'ials', 'user_user'] as const)
      expect(scoresOf(linear, name, 'purchase')).toEqual(scoresOf(settings, name, 'purchase'));
  });

  it('answer a request the same whoever was served before', () => {
    const { sources } = load(sourceFiles());
    const fresh = (query: SourceQuery) => {
      const { set, scratch } = setOf();
      retrieveCandidates(load(sourceFiles()).sources, query, parameters, set, scratch);
      return answer(set);
    };
    const { set, scratch } = setOf();
    fc.assert(
      fc.property(fc.array(queryArbitrary, { minLength: 1, maxLength: 4 }), (queries) => {
        for (const query of queries) retrieveCandidates(sources, query, parameters, set, scratch);
        expect(answer(set)).toEqual(fresh(queries[queries.length - 1]!));
      }),
      { numRuns: 40 },
    );
  });

  it('know items by category, newest, trend and popularity', () => {
    const { sources } = load(sourceFiles());
    const found = (name: SourceName, category: number, k: number) => {
      const { set } = setOf();
      set.reset();
      const query = { profile: profileOf([]), nowS: NOW_S, category, userVector: null, excluded: null };
      sources.find((source) => source.name === name)!.retrieve(query, k, set);
      return [...set.rows.subarray(0, set.count)];
    };
    expect(found('trending', -1, 3)).toEqual([30, 31, 32]);
    // This week's ten first, then what sold ever.
    expect(found('trending', -1, 13).slice(9)).toEqual([39, 0, 1, 2]);
    expect(found('popular', -1, 3)).toEqual([0, 1, 2]);
    expect(found('popular', 2, 3)).toEqual([2, 6, 10]);
    expect(found('new_items', -1, 3)).toEqual([0, 1, 2]);
    expect(found('new_items', 3, 3)).toEqual([3, 7, 11]);
    expect(found('category', 1, 2)).toEqual([1, 5]);
    expect(found('category', -1, 2)).toEqual([]);
  });

  const neighbors = ['item', 'neighbor', 'score'] as const;
  it.each([
    ['a neighbour outside the catalogue', 'co-visitation.arrow', () => triples(neighbors, [[0, ITEMS, 1]])],
    ['an item outside the catalogue', 'item-item.arrow', () => triples(neighbors, [[ITEMS, 0, 1]])],
    [
      'lists out of order',
      'content.arrow',
      () =>
        triples(neighbors, [
          [1, 0, 1],
          [0, 1, 1],
        ]),
    ],
    ['an actor below 0', 'histories.arrow', () => triples(['actor', 'row', 'weight'], [[-5, 1, 1]])],
    ['more actors than fit', 'histories.arrow', () => triples(['actor', 'row', 'weight'], [[2 ** 31 - 2, 1, 1]])],
    ['a score that is no number', 'content.arrow', () => triples(neighbors, [[0, 1, NaN]])],
    ['a missing column', 'histories.arrow', () => triples(['actor', 'item', 'weight'], [[0, 1, 1]])],
    ['no Arrow at all', 'histories.arrow', () => new Uint8Array(100)],
    ['factors of another size', 'ials-items.f32', () => new Uint8Array(ITEMS * DIM * 4 - 4)],
    ['factors that are no numbers', 'ials-items.f32', () => new Uint8Array(ITEMS * DIM * 4).fill(255)],
    ['an unknown window', 'trending.arrow', () => trendingFile([{ window: '3d', category: '', row: 0, score: 1 }])],
    [
      'a row outside the catalogue',
      'trending.arrow',
      () => trendingFile([{ window: '7d', category: '', row: -1, score: 1 }]),
    ],
  ])('refuse %s, naming the file', (_, file, bytes) => {
    expect(() => load(new Map([...sourceFiles(), [file, bytes()]]))).toThrow(
      expect.objectContaining({ code: 'release_file_invalid', details: expect.objectContaining({ file }) }),
    );
  });

  it('refuse to do without popularity, and settings that are incomplete', () => {
    expect(() => load(without('trending.arrow'))).toThrow(expect.objectContaining({ code: 'release_file_missing' }));
    for (const name of ['ials', 'weightScale']) {
      const rest = Object.fromEntries(Object.entries(settings.parameters).filter(([key]) => key !== name));
      expect(() => load(sourceFiles(), { parameters: rest } as unknown as SourceSettings)).toThrow(
        expect.objectContaining({
          code: 'release_file_invalid',
          details: { file: 'sources.json', reason: expect.stringContaining(name) },
        }),
      );
    }
  });
});

function answer(set: CandidateSet) {
  return {
    rows: [...set.rows.subarray(0, set.count)],
    scores: [...set.scores.subarray(0, set.count * SOURCE_COUNT)],
    ranks: [...set.ranks.subarray(0, set.count * SOURCE_COUNT)],
  };
}
