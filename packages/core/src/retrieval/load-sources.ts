import type { Catalog } from '../catalog/catalog.ts';
import { readNeighborLists } from './neighbor-lists.ts';
import { RankedLists } from './ranked-lists.ts';
import { SOURCE_INDEX, type CandidateSource, type SourceName } from './source.ts';
import { CategorySource } from './sources/category-source.ts';
import { IalsSource } from './sources/ials-source.ts';
import { NeighborListSource } from './sources/neighbor-list-source.ts';
import { NewItemsSource } from './sources/new-items-source.ts';
import { RankedListSource } from './sources/ranked-list-source.ts';
import { RepeatsSource } from './sources/repeats-source.ts';
import { TwoTowerSource } from './sources/two-tower-source.ts';
import { UserUserSource } from './sources/user-user-source.ts';
import type { VectorIndex } from './vector-index.ts';

const DAY_S = 86_400;

/** The part of `sources.json` that serving needs to read profiles as training did. */
export interface SourceSettings {
  readonly parameters: {
    readonly itemsPerActorMax: number;
    readonly ials: { dim: number; alpha0: number; regularisation: number; nu: number; halfLifeDays: number };
    readonly itemItem: { halfLifeDays: number };
    readonly coVisitation: { events: number };
    readonly histories: { halfLifeDays: number; items: number };
  };
}

/** Files of a fold or a release by name; undefined where a source is absent. */
export type ReadSourceFile = (name: string) => Uint8Array | undefined;

export interface LoadedSources {
  /** In the order of SOURCES. */
  readonly sources: readonly CandidateSource[];
  readonly rankedLists: RankedLists;
  /** `[n]` all-time popularity, 0..1. */
  readonly popularity: Float32Array;
}

/**
 * The candidate sources whose files are there. `index` and `itemVectors` null: no two-tower source. A malformed file
 * throws, naming it.
 */
export function loadSources(
  catalog: Catalog,
  settings: SourceSettings,
  read: ReadSourceFile,
  towers: { readonly index: VectorIndex; readonly itemVectors: Float32Array } | null,
): LoadedSources {
  const rankedLists = named('trending.arrow', () => RankedLists.fromArrow(required(read, 'trending.arrow'), catalog));
  const popularity = popularityOf(rankedLists, catalog.count);
  const sources: CandidateSource[] = [
    new CategorySource(catalog, rankedLists),
    new RepeatsSource(popularity),
    new RankedListSource('trending', rankedLists),
    new RankedListSource('popular', rankedLists),
    new NewItemsSource(catalog),
    ...neighborSources(catalog, settings, read),
    ...userSources(catalog, settings, read),
  ];
  if (towers !== null) sources.push(new TwoTowerSource(towers.index, towers.itemVectors));
  sources.sort((a, b) => SOURCE_INDEX[a.name] - SOURCE_INDEX[b.name]);
  return { sources, rankedLists, popularity };
}

function neighborSources(catalog: Catalog, settings: SourceSettings, read: ReadSourceFile): CandidateSource[] {
  const { coVisitation, itemItem } = settings.parameters;
  const kinds: [SourceName, string, { eventsMax: number; halfLifeS: number }][] = [
    ['co_visitation', 'co-visitation.arrow', { eventsMax: coVisitation.events, halfLifeS: 0 }],
    ['item_item', 'item-item.arrow', { eventsMax: Infinity, halfLifeS: itemItem.halfLifeDays * DAY_S }],
    ['content', 'content.arrow', { eventsMax: 50, halfLifeS: itemItem.halfLifeDays * DAY_S }],
  ];
  const counts = { fromCount: catalog.count, toCount: catalog.count };
  return kinds.flatMap(([name, file, options]) => {
    const bytes = read(file);
    if (bytes === undefined) return [];
    const columns = { from: 'item', to: 'neighbor', value: 'score' };
    return [
      new NeighborListSource(
        name,
        named(file, () => readNeighborLists(bytes, columns, counts)),
        options,
      ),
    ];
  });
}

function userSources(catalog: Catalog, settings: SourceSettings, read: ReadSourceFile): CandidateSource[] {
  const { ials, histories, itemsPerActorMax } = settings.parameters;
  const sources: CandidateSource[] = [];
  const factors = read('ials-items.f32');
  if (factors !== undefined) {
    const values = new Float32Array(factors.slice().buffer);
    if (values.length !== catalog.count * ials.dim)
      throw new Error(`ials-items.f32: ${values.length} values, not ${catalog.count} x ${ials.dim}`);
    const options = { eventsMax: itemsPerActorMax, halfLifeS: ials.halfLifeDays * DAY_S };
    sources.push(new IalsSource({ ...ials, factors: values }, options));
  }
  const bytes = read('histories.arrow');
  if (bytes !== undefined) {
    const lists = named('histories.arrow', () => readHistories(bytes, catalog.count));
    const options = { eventsMax: histories.items, halfLifeS: histories.halfLifeDays * DAY_S };
    sources.push(new UserUserSource(lists, catalog.count, options));
  }
  return sources;
}

function readHistories(bytes: Uint8Array, itemCount: number) {
  const columns = { from: 'actor', to: 'row', value: 'weight' };
  return readNeighborLists(bytes, columns, { fromCount: 'last', toCount: itemCount });
}

/** All-time popularity relative to the best-seller's. */
function popularityOf(lists: RankedLists, itemCount: number): Float32Array {
  const popularity = new Float32Array(itemCount);
  const { rows, scores } = lists.list('all', -1);
  for (let i = 0; i < rows.length; i++) popularity[rows[i]!] = scores[i]! / scores[0]!;
  return popularity;
}

function required(read: ReadSourceFile, file: string): Uint8Array {
  const bytes = read(file);
  if (bytes === undefined) throw new Error('the file is missing');
  return bytes;
}

function named<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
