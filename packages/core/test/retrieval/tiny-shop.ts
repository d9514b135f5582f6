import { makeVector, Table, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import { Catalog } from '../../src/catalog/catalog.ts';
import { createProfile } from '../../src/catalog/to-profile.ts';
import { itemsToArrow } from '../../src/catalog/write-items.ts';
import { EVENT_CODE } from '../../src/contracts/events.ts';
import type { Profile } from '../../src/contracts/profile.ts';
import type { SourceSettings } from '../../src/retrieval/load-sources.ts';
import { seededRandom } from '../../src/statistics/seeded-random.ts';

export const ITEMS = 40;
export const DAY_S = 86_400;
export const NOW_S = 1_000 * DAY_S;
export const DIM = 8;

/** 40 items in four categories (every tenth has none), item `row` created `row` days ago. */
export const catalog = Catalog.fromArrow(
  itemsToArrow(
    Array.from({ length: ITEMS }, (_, row) => ({
      itemId: `i${row}`,
      title: `Thing ${row}`,
      category: row % 10 === 9 ? '' : `c${row % 4}`,
      brand: '',
      price: 1 + row,
      createdAtS: NOW_S - row * DAY_S,
      available: true,
    })),
  ),
);

export const settings: SourceSettings = {
  parameters: {
    itemsPerActorMax: 300,
    weightScale: 5,
    ials: { dim: DIM, alpha0: 0.05, regularisation: 0.005, nu: 1, halfLifeDays: 120 },
    itemItem: { halfLifeDays: 60, damping: 0.5 },
    coVisitation: { events: 50 },
    histories: { halfLifeDays: 60, items: 200 },
  },
};

type Entry = readonly [from: number, to: number, value: number];

/** An Arrow file of sorted triples, as training writes neighbour lists and histories. */
export function triples(columns: readonly [string, string, string], entries: readonly Entry[]): Uint8Array {
  const table = new Table({
    [columns[0]]: makeVector(Int32Array.from(entries, ([from]) => from)),
    [columns[1]]: makeVector(Int32Array.from(entries, ([, to]) => to)),
    [columns[2]]: makeVector(Float32Array.from(entries, ([, , value]) => value)),
  });
  return tableToIPC(table, 'file');
}

export function randomEntries(fromCount: number, toCount: number, seed: number): Entry[] {
  const random = seededRandom(seed);
  return Array.from({ length: fromCount * toCount }, (_, i): Entry => [
    Math.floor(i / toCount),
    i % toCount,
    random(),
  ]).filter(([from, to, value]) => value < 0.2 && from !== to);
}

export interface TrendingLine {
  readonly window: string;
  readonly category: string;
  readonly row: number;
  readonly score: number;
}

export function trendingFile(lines: readonly TrendingLine[]): Uint8Array {
  const table = new Table({
    window: vectorFromArray(
      lines.map(({ window }) => window),
      new Utf8(),
    ),
    category: vectorFromArray(
      lines.map(({ category }) => category),
      new Utf8(),
    ),
    row: makeVector(Int32Array.from(lines, ({ row }) => row)),
    score: makeVector(Float32Array.from(lines, ({ score }) => score)),
  });
  return tableToIPC(table, 'file');
}

/** The last ten rows trend this week, the first 30 sell over all time; per category likewise. */
function trendingLines(): TrendingLine[] {
  const lines: TrendingLine[] = [];
  for (const category of ['', ...catalog.categories]) {
    const rows = [...catalog.prices.keys()].filter((row) => category === '' || catalog.category(row) === category);
    for (const row of rows.slice(-10)) lines.push({ window: '7d', category, row, score: 10 - 0.1 * row });
    for (const row of rows.slice(0, 30)) lines.push({ window: 'all', category, row, score: 100 - row });
  }
  return lines;
}

/** Every file that a fold or release can have for its sources. */
export function sourceFiles(): Map<string, Uint8Array> {
  const random = seededRandom(9);
  const factors = Float32Array.from({ length: ITEMS * DIM }, () => random() - 0.5);
  const neighbors = ['item', 'neighbor', 'score'] as const;
  return new Map([
    ['trending.arrow', trendingFile(trendingLines())],
    ['co-visitation.arrow', triples(neighbors, randomEntries(ITEMS, ITEMS, 1))],
    ['item-item.arrow', triples(neighbors, randomEntries(ITEMS, ITEMS, 2))],
    ['content.arrow', triples(neighbors, randomEntries(ITEMS, ITEMS, 3))],
    ['histories.arrow', triples(['actor', 'row', 'weight'], randomEntries(30, ITEMS, 4))],
    ['ials-items.f32', new Uint8Array(factors.buffer)],
  ]);
}

/** Events from oldest to newest as (row, type, days ago). */
export function profileOf(
  events: readonly (readonly [row: number, type: keyof typeof EVENT_CODE, daysAgo: number])[],
): Profile {
  const profile = createProfile(events.length);
  for (const [row, type, daysAgo] of [...events].sort((a, b) => b[2] - a[2])) {
    profile.rows[profile.length] = row;
    profile.types[profile.length] = EVENT_CODE[type];
    profile.timesS[profile.length++] = NOW_S - daysAgo * DAY_S;
  }
  return profile;
}
