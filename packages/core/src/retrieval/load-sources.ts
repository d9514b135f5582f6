import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import type { Catalog } from '../catalog/catalog.ts';
import { atOnce, PIECE, type Pieces } from '../catalog/pieces.ts';
import { ShortlistError } from '../contracts/errors.ts';
import { readNeighborLists } from './neighbor-lists.ts';
import { RankedLists } from './ranked-lists.ts';
import { SOURCE_INDEX, type CandidateSource, type SourceName } from './source.ts';
import { createAccumulator, type Accumulator } from './sources/accumulator.ts';
import { CategorySource } from './sources/category-source.ts';
import { IalsSource } from './sources/ials-source.ts';
import { NeighborListSource, type NeighborListOptions } from './sources/neighbor-list-source.ts';
import { newestFirst, NewItemsSource } from './sources/new-items-source.ts';
import { RankedListSource } from './sources/ranked-list-source.ts';
import { RepeatsSource } from './sources/repeats-source.ts';
import { TwoTowerSource } from './sources/two-tower-source.ts';
import { tastesOf, UserUserSource } from './sources/user-user-source.ts';
import type { VectorIndex } from './vector-index.ts';

const DAY_S = 86_400;

const Days = Type.Number({ minimum: 0 });

/** The part of `sources.json` that serving needs to read profiles as training did. */
const SourceSettingsSchema = Type.Object({
  parameters: Type.Object({
    itemsPerActorMax: Type.Integer({ minimum: 1 }),
    weightScale: Type.Number({ exclusiveMinimum: 0 }),
    ials: Type.Object({
      dim: Type.Integer({ minimum: 4, multipleOf: 4 }),
      alpha0: Type.Number({ minimum: 0 }),
      regularisation: Type.Number({ exclusiveMinimum: 0 }),
      nu: Type.Number(),
      halfLifeDays: Days,
    }),
    itemItem: Type.Object({ halfLifeDays: Days, damping: Type.Number({ minimum: 0, maximum: 1 }) }),
    coVisitation: Type.Object({ events: Type.Integer({ minimum: 1 }) }),
    histories: Type.Object({ halfLifeDays: Days, items: Type.Integer({ minimum: 1 }) }),
  }),
});
export type SourceSettings = Static<typeof SourceSettingsSchema>;

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
 * The candidate sources whose files are there. `towers` null: no two-tower source.
 * Errors: `release_file_missing` without trending.arrow, `release_file_invalid` for a malformed file.
 */
export function loadSources(...args: Parameters<typeof sourcesInPieces>): LoadedSources {
  return atOnce(sourcesInPieces(...args));
}

/** As `loadSources`, for a pod that serves meanwhile. */
export function* sourcesInPieces(
  catalog: Catalog,
  settings: SourceSettings,
  read: ReadSourceFile,
  towers: { readonly index: VectorIndex; readonly itemVectors: Float32Array } | null,
): Pieces<LoadedSources> {
  checkSettings(settings);
  const trending = read('trending.arrow');
  if (trending === undefined)
    throw new ShortlistError('release_file_missing', { file: 'trending.arrow', reason: 'there is no such file' });
  const rankedLists = RankedLists.fromArrow(trending, catalog);
  const popularity = popularityOf(rankedLists, catalog.capacity);
  // Sources run one after the other and need the profile's interests only while they do: one scratch serves all.
  const interests = createAccumulator(catalog.capacity);
  const sources: CandidateSource[] = [
    new CategorySource(catalog, rankedLists),
    new RepeatsSource(popularity, settings.parameters.weightScale),
    new RankedListSource('trending', rankedLists),
    new RankedListSource('popular', rankedLists),
    new NewItemsSource(catalog, yield* newestFirst(catalog)),
    ...(yield* neighborSources(catalog, settings, read, interests)),
    ...(yield* userSources(catalog, settings, read, interests)),
  ];
  if (towers !== null) sources.push(new TwoTowerSource(towers.index, towers.itemVectors));
  sources.sort((a, b) => SOURCE_INDEX[a.name] - SOURCE_INDEX[b.name]);
  return { sources, rankedLists, popularity };
}

function checkSettings(settings: SourceSettings): void {
  const [error] = Value.Errors(SourceSettingsSchema, settings);
  if (error === undefined) return;
  const reason = `${error.instancePath.slice(1).replaceAll('/', '.')} ${error.message}`;
  throw new ShortlistError('release_file_invalid', { file: 'sources.json', reason });
}

function* neighborSources(
  catalog: Catalog,
  settings: SourceSettings,
  read: ReadSourceFile,
  interests: Accumulator,
): Pieces<CandidateSource[]> {
  const { coVisitation, itemItem, weightScale } = settings.parameters;
  const linear = { weightScale, damping: 1 };
  const decayed = { ...linear, halfLifeS: itemItem.halfLifeDays * DAY_S };
  const kinds: [SourceName, string, NeighborListOptions][] = [
    ['co_visitation', 'co-visitation.arrow', { ...linear, eventsMax: coVisitation.events, halfLifeS: 0 }],
    ['item_item', 'item-item.arrow', { ...decayed, eventsMax: Infinity, damping: itemItem.damping }],
    ['content', 'content.arrow', { ...decayed, eventsMax: 50 }],
  ];
  const { count, capacity } = catalog;
  const counts = { fromCount: count, toCount: count, capacity };
  const sources: CandidateSource[] = [];
  for (const [name, file, options] of kinds) {
    const bytes = read(file);
    if (bytes === undefined) continue;
    const lists = yield* readNeighborLists(bytes, { file, from: 'item', to: 'neighbor', value: 'score' }, counts);
    sources.push(new NeighborListSource(name, lists, options, interests));
  }
  return sources;
}

function* userSources(
  catalog: Catalog,
  settings: SourceSettings,
  read: ReadSourceFile,
  interests: Accumulator,
): Pieces<CandidateSource[]> {
  const { ials, histories, itemsPerActorMax, weightScale } = settings.parameters;
  const sources: CandidateSource[] = [];
  const factors = read('ials-items.f32');
  if (factors !== undefined) {
    const values = yield* readFactors(factors, catalog.count, ials.dim);
    const options = { eventsMax: itemsPerActorMax, halfLifeS: ials.halfLifeDays * DAY_S, weightScale };
    sources.push(new IalsSource({ ...ials, factors: values }, options, interests, catalog.capacity));
  }
  const bytes = read('histories.arrow');
  if (bytes !== undefined) {
    const columns = { file: 'histories.arrow', from: 'actor', to: 'row', value: 'weight' };
    const lists = yield* readNeighborLists(bytes, columns, { fromCount: 'last', toCount: catalog.count });
    const options = { eventsMax: histories.items, halfLifeS: histories.halfLifeDays * DAY_S, weightScale };
    const tastes = yield* tastesOf(lists, catalog.capacity);
    sources.push(new UserUserSource(tastes, catalog.capacity, options, interests));
  }
  return sources;
}

/** `[count, dim]` from the bytes of ials-items.f32. */
function* readFactors(bytes: Uint8Array, count: number, dim: number): Pieces<Float32Array> {
  const file = 'ials-items.f32';
  if (bytes.length !== count * dim * 4)
    throw new ShortlistError('release_file_invalid', {
      file,
      reason: `${bytes.length} bytes, not ${count} x ${dim} x 4`,
    });
  const values = new Float32Array(bytes.slice().buffer);
  for (let i = 0; i < values.length; i++) {
    if (i % PIECE === 0) yield;
    if (!Number.isFinite(values[i]))
      throw new ShortlistError('release_file_invalid', { file, reason: `value ${i} is not finite` });
  }
  return values;
}

/** All-time popularity relative to the best-seller's. */
function popularityOf(lists: RankedLists, itemCount: number): Float32Array {
  const popularity = new Float32Array(itemCount);
  const { rows, scores } = lists.list('all', -1);
  for (let i = 0; i < rows.length; i++) popularity[rows[i]!] = scores[i]! / scores[0]!;
  return popularity;
}
