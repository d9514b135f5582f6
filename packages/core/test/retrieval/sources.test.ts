import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { atOnce } from '../../src/catalog/pieces.ts';
import { createProfile } from '../../src/catalog/to-profile.ts';
import { itemsToArrow } from '../../src/catalog/write-items.ts';
import { EVENT_CODE, EVENT_WEIGHT } from '../../src/contracts/events.ts';
import type { Profile } from '../../src/contracts/profile.ts';
import { CandidateSet } from '../../src/retrieval/candidate-set.ts';
import type { ListSums } from '../../src/retrieval/list-sums.ts';
import { SOURCE_COUNT, SOURCE_INDEX, type CandidateSource, type SourceQuery } from '../../src/retrieval/source.ts';
import { IalsSource } from '../../src/retrieval/sources/ials-source.ts';
import { NeighborListSource } from '../../src/retrieval/sources/neighbor-list-source.ts';
import { newestFirst, NewItemsSource } from '../../src/retrieval/sources/new-items-source.ts';
import { RepeatsSource } from '../../src/retrieval/sources/repeats-source.ts';
import { tastesOf, UserUserSource } from '../../src/retrieval/sources/user-user-source.ts';
import { seededRandom } from '../../src/statistics/seeded-random.ts';
import { copiedLists } from './copied-lists.ts';

const ITEMS = 30;
const DAY_S = 86_400;
const NOW_S = 1_000 * DAY_S;

const profileOf = (events: readonly (readonly [row: number, type: number, ageS: number])[]): Profile => {
  const profile = createProfile(100);
  for (const [row, type, ageS] of [...events].sort((a, b) => b[2] - a[2])) {
    profile.rows[profile.length] = row;
    profile.types[profile.length] = type;
    profile.timesS[profile.length++] = NOW_S - ageS;
  }
  return profile;
};
const queryOf = (profile: Profile, excluded: Uint8Array | null = null): SourceQuery => ({
  profile,
  nowS: NOW_S,
  category: -1,
  userVector: null,
  excluded,
});
function retrieved(source: CandidateSource, query: SourceQuery, k: number) {
  const set = new CandidateSet(200);
  set.reset();
  source.retrieve(query, k, set);
  const s = SOURCE_INDEX[source.name];
  return Array.from({ length: set.count }, (_, c) => ({
    row: set.rows[c]!,
    score: set.scores[c * SOURCE_COUNT + s]!,
    rank: set.ranks[c * SOURCE_COUNT + s]!,
  }));
}
const listsOf = (dense: number[][]): ListSums => {
  const flat = dense.flatMap((row, from) =>
    row.map((value, to) => ({ from, to, value })).filter(({ value }) => value > 0),
  );
  const offsets = new Int32Array(dense.length + 1);
  for (const { from } of flat) offsets[from + 1]! += 1;
  for (let i = 0; i < dense.length; i++) offsets[i + 1]! += offsets[i]!;
  const [neighbors, scores] = [Int32Array.from(flat, ({ to }) => to), Float32Array.from(flat, ({ value }) => value)];
  return copiedLists({ offsets, neighbors, scores }, ITEMS);
};
const randomMatrix = (rows: number, columns: number, seed: number) => {
  const random = seededRandom(seed);
  return Array.from({ length: rows }, () =>
    Array.from({ length: columns }, () => (random() < 0.3 ? Math.fround(random()) : 0)),
  );
};
const events = fc.array(
  fc.tuple(
    fc.integer({ min: 0, max: ITEMS - 1 }),
    fc.constantFrom(EVENT_CODE.view, EVENT_CODE.add_to_cart, EVENT_CODE.purchase, EVENT_CODE.search),
    fc.integer({ min: 0, max: 100 * DAY_S }),
  ),
  { maxLength: 40 },
);
const interestsOf = (profile: Profile, halfLifeS: number): number[] => {
  const interests = new Array<number>(ITEMS).fill(0);
  for (let e = 0; e < profile.length; e++)
    interests[profile.rows[e]!]! +=
      (EVENT_WEIGHT[profile.types[e]!]! / 5) * (halfLifeS ? 2 ** ((profile.timesS[e]! - NOW_S) / halfLifeS) : 1);
  return interests;
};

describe('neighbour lists', () => {
  it('score as the sum over the profile of damped interest times neighbourhood', () => {
    fc.assert(
      fc.property(events, fc.integer(), fc.constantFrom(0.5, 1), (drawn, seed, damping) => {
        const matrix = randomMatrix(ITEMS, ITEMS, seed);
        const options = { eventsMax: 100, halfLifeS: 30 * DAY_S, weightScale: 5, damping };
        const profile = profileOf(drawn);
        const interests = interestsOf(profile, options.halfLifeS);
        const found = retrieved(
          new NeighborListSource('co_visitation', listsOf(matrix), options),
          queryOf(profile),
          50,
        );
        for (const { row, score } of found)
          expect(score).toBeCloseTo(
            matrix.reduce((sum, list, i) => sum + interests[i]! ** damping * list[row]!, 0),
            4,
          );
        expect(found.map(({ rank }) => rank)).toEqual(found.map((_, i) => i + 1));
        for (let i = 1; i < found.length; i++) expect(found[i]!.score).toBeLessThanOrEqual(found[i - 1]!.score);
      }),
      { numRuns: 50 },
    );
  });

  it('never name what is excluded, and nothing for a stranger', () => {
    const source = new NeighborListSource('content', listsOf(randomMatrix(ITEMS, ITEMS, 1)), {
      eventsMax: 50,
      halfLifeS: 0,
      weightScale: 5,
      damping: 1,
    });
    const excluded = Uint8Array.from({ length: ITEMS }, (_, row) => row % 2);
    const found = retrieved(source, queryOf(profileOf([[0, EVENT_CODE.view, 60]]), excluded), 50);
    expect(found.length).toBeGreaterThan(0);
    expect(found.every(({ row }) => row % 2 === 0)).toBe(true);
    expect(retrieved(source, queryOf(profileOf([])), 50)).toEqual([]);
  });

  it('take live neighbours beside the release’s, the higher score of both, and none from outside the catalogue', () => {
    const options = { eventsMax: 50, halfLifeS: 0, weightScale: 5, damping: 1 };
    const source = new NeighborListSource('co_visitation', listsOf([[0, 0.5, 0.25], [], []]), options);
    const query = queryOf(profileOf([[0, EVENT_CODE.purchase, 0]]));
    const named = () => retrieved(source, query, 50).map(({ row, score }) => [row, score]);
    source.overlay(0, { rows: Int32Array.of(2, 1), scores: Float32Array.of(1, 0.125) });
    expect(named()).toEqual([
      [2, 1],
      [1, 0.5],
    ]);
    for (const stray of [-1, 3])
      expect(() => source.overlay(0, { rows: Int32Array.of(stray), scores: Float32Array.of(1) })).toThrow(RangeError);
    source.overlay(0, { rows: new Int32Array(0), scores: new Float32Array(0) });
    expect(named()).toEqual([
      [1, 0.5],
      [2, 0.25],
    ]);
  });
});

describe('user-user', () => {
  it('scores as cosine-weighted votes of the nearest actors', () => {
    const histories = randomMatrix(12, ITEMS, 4);
    const profile = profileOf([
      [1, EVENT_CODE.purchase, DAY_S],
      [5, EVENT_CODE.purchase, 2 * DAY_S],
    ]);
    const norms = histories.map((history) => Math.hypot(...history));
    const cosines = histories.map((history, a) => (history[1]! + history[5]!) / norms[a]!);
    const source = new UserUserSource(atOnce(tastesOf(listsOf(histories), ITEMS)), {
      eventsMax: 100,
      halfLifeS: 0,
      weightScale: 5,
    });
    for (const { row, score } of retrieved(source, queryOf(profile), 50))
      expect(score).toBeCloseTo(
        histories.reduce((sum, history, a) => sum + (cosines[a]! / norms[a]!) * history[row]!, 0),
        4,
      );
  });
});

describe('iALS fold-in', () => {
  it('solves the normal equations of the paper', () => {
    const dim = 8;
    const random = seededRandom(2);
    const factors = Float32Array.from({ length: ITEMS * dim }, () => random() - 0.5);
    const model = { factors, dim, alpha0: 0.1, regularisation: 0.02, nu: 1 };
    const profile = profileOf([
      [3, EVENT_CODE.purchase, 0],
      [7, EVENT_CODE.view, 0],
    ]);
    const options = { eventsMax: 100, halfLifeS: 0, weightScale: 5 };
    const source = new IalsSource(model, options);
    const named = retrieved(source, queryOf(profile), ITEMS);
    const all = new CandidateSet(ITEMS);
    for (let row = 0; row < ITEMS; row++) all.include(row);
    source.score(queryOf(profile), all);
    // The scores determine w by least squares; check instead that they satisfy the system, through V w = scores.
    const scores = new Float64Array(ITEMS);
    for (let row = 0; row < ITEMS; row++) scores[row] = all.scores[row * SOURCE_COUNT + SOURCE_INDEX.ials]!;
    const wanted = [...scores.keys()].filter((row) => scores[row]! > 0).sort((a, b) => scores[b]! - scores[a]!);
    expect(named.map(({ row }) => row)).toEqual(wanted);
    const weights = interestsOf(profile, 0);
    const ridge = model.regularisation * (2 + model.alpha0 * ITEMS);
    // A w = sum c v  <=>  alpha0 V'(Vw) + sum c v (v'w) + ridge w = sum c v; take its inner product with every item j.
    const v = (row: number) => factors.subarray(row * dim, (row + 1) * dim);
    const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    for (let j = 0; j < ITEMS; j++) {
      let left = ridge * scores[j]!;
      let right = 0;
      for (let i = 0; i < ITEMS; i++) {
        left += (model.alpha0 + weights[i]!) * scores[i]! * dot(v(i), v(j));
        right += weights[i]! * dot(v(i), v(j));
      }
      expect(left).toBeCloseTo(right, 4);
    }
  });
});

describe('own and new items', () => {
  const catalog = Catalog.fromArrow(
    itemsToArrow(
      Array.from({ length: ITEMS }, (_, row) => ({
        itemId: `i${row}`,
        title: 't',
        category: row % 2 ? 'odd' : 'even',
        brand: '',
        price: 1,
        createdAtS: NOW_S - (row - 2) * DAY_S,
        available: true,
      })),
    ),
  );

  it('repeats put the more often bought first and break ties by popularity', () => {
    const popularity = Float32Array.from({ length: ITEMS }, (_, row) => row / ITEMS);
    const profile = profileOf([
      [4, EVENT_CODE.purchase, DAY_S],
      [4, EVENT_CODE.purchase, DAY_S],
      [6, EVENT_CODE.purchase, DAY_S],
      [9, EVENT_CODE.purchase, DAY_S],
    ]);
    expect(retrieved(new RepeatsSource(popularity, 5), queryOf(profile), 10).map(({ row }) => row)).toEqual([4, 9, 6]);
  });

  it('sorts the rows newest first, ties by row, however many there are and wherever it is interrupted', () => {
    const random = seededRandom(5);
    for (const [count, spread] of [[0], [1], [5000], [70_000], [5000, 1e-300], [5000, 1e12]] as const) {
      const createdS = Float64Array.from({ length: count }, () => Math.floor(random() * 500 - 250) * (spread ?? 1));
      const expected = Array.from(createdS.keys()).sort((a, b) => createdS[b]! - createdS[a]! || a - b);
      expect([...atOnce(newestFirst({ count, createdS } as unknown as Catalog))]).toEqual(expected);
    }
  });

  it('new items come newest first, those of the profile before, none from the future', () => {
    const source = new NewItemsSource(catalog);
    const stranger = retrieved(source, queryOf(profileOf([])), 5).map(({ row }) => row);
    expect(stranger).toEqual([2, 3, 4, 5, 6]);
    const odd = retrieved(source, queryOf(profileOf([[7, EVENT_CODE.view, 60]])), 3).map(({ row }) => row);
    expect(odd).toEqual([3, 5, 7]);
  });
});
