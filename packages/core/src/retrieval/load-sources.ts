import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import type { Catalog } from '../catalog/catalog.ts';
import { firstNotFinite } from '../catalog/finite.ts';
import { atOnce, type Pieces } from '../catalog/pieces.ts';
import { ShortlistError } from '../contracts/errors.ts';
import { readNeighborLists } from './read-lists.ts';
import { RankedLists } from './ranked-lists.ts';
import { SOURCE_INDEX, type CandidateSource, type SourceName } from './source.ts';
import { Accumulator } from './sources/accumulator.ts';
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

/** Files that sources are made of, in the order in which they are read. */
export const SOURCE_FILES = [
  'trending.arrow',
  'co-visitation.arrow',
  'item-item.arrow',
  'content.arrow',
  'ials-items.f32',
  'histories.arrow',
] as const;
export type SourceFile = (typeof SOURCE_FILES)[number];

export interface LoadedSources {
  /** In the order of SOURCES. */
  readonly sources: readonly CandidateSource[];
  readonly rankedLists: RankedLists;
  /** `[n]` all-time popularity, 0..1. */
  readonly popularity: Float32Array;
}

interface Towers {
  readonly index: VectorIndex;
  readonly itemVectors: Float32Array;
}

/**
 * The candidate sources whose files are there, all at once. `read`: undefined where a file is absent; `towers` null: no
 * two-tower source. Errors: `release_file_missing` without trending.arrow, `release_file_invalid` for a malformed file.
 */
export function loadSources(
  catalog: Catalog,
  settings: SourceSettings,
  read: (name: SourceFile) => Uint8Array | undefined,
  towers: Towers | null,
): LoadedSources {
  const loader = new SourceLoader(catalog, settings);
  for (const name of SOURCE_FILES) {
    const bytes = read(name);
    if (bytes !== undefined) atOnce(loader.take(name, bytes));
  }
  return atOnce(loader.finish(towers));
}

/** As `loadSources`, file by file, so that only one of them is in memory at a time. */
export class SourceLoader {
  readonly #catalog: Catalog;
  readonly #settings: SourceSettings['parameters'];
  /** Sources run one after the other and need the profile's interests only while they do: one scratch serves all. */
  readonly #interests: Accumulator;
  readonly #sources: CandidateSource[] = [];
  #rankedLists: RankedLists | null = null;

  constructor(catalog: Catalog, settings: SourceSettings) {
    checkSettings(settings);
    this.#catalog = catalog;
    this.#settings = settings.parameters;
    this.#interests = new Accumulator();
  }

  /** Takes what it needs out of a file; the bytes may be something else afterwards. */
  *take(file: SourceFile, bytes: Uint8Array): Pieces<void> {
    const { itemItem, coVisitation, weightScale } = this.#settings;
    const linear = { weightScale, damping: 1 };
    const decayed = { ...linear, halfLifeS: itemItem.halfLifeDays * DAY_S };
    switch (file) {
      case 'trending.arrow':
        this.#rankedLists = RankedLists.fromArrow(bytes, this.#catalog);
        return;
      case 'co-visitation.arrow':
        return yield* this.#takeLists('co_visitation', file, bytes, {
          ...linear,
          eventsMax: coVisitation.events,
          halfLifeS: 0,
        });
      case 'item-item.arrow':
        return yield* this.#takeLists('item_item', file, bytes, {
          ...decayed,
          eventsMax: Infinity,
          damping: itemItem.damping,
        });
      case 'content.arrow':
        return yield* this.#takeLists('content', file, bytes, { ...decayed, eventsMax: 50 });
      case 'ials-items.f32':
        return yield* this.#takeFactors(bytes);
      case 'histories.arrow':
        return yield* this.#takeHistories(bytes);
    }
  }

  *finish(towers: Towers | null): Pieces<LoadedSources> {
    const catalog = this.#catalog;
    const rankedLists = this.#rankedLists;
    if (rankedLists === null)
      throw new ShortlistError('release_file_missing', { file: 'trending.arrow', reason: 'there is no such file' });
    const popularity = popularityOf(rankedLists, catalog.capacity);
    const sources: CandidateSource[] = [
      new CategorySource(catalog, rankedLists),
      new RepeatsSource(popularity, this.#settings.weightScale),
      new RankedListSource('trending', rankedLists),
      new RankedListSource('popular', rankedLists),
      new NewItemsSource(catalog, yield* newestFirst(catalog)),
      ...this.#sources,
    ];
    if (towers !== null) sources.push(new TwoTowerSource(towers.index, towers.itemVectors));
    sources.sort((a, b) => SOURCE_INDEX[a.name] - SOURCE_INDEX[b.name]);
    return { sources, rankedLists, popularity };
  }

  *#takeLists(name: SourceName, file: SourceFile, bytes: Uint8Array, options: NeighborListOptions): Pieces<void> {
    const { count, capacity } = this.#catalog;
    const counts = { fromCount: count, toCount: count, capacity };
    const lists = yield* readNeighborLists(bytes, { file, from: 'item', to: 'neighbor', value: 'score' }, counts);
    this.#sources.push(new NeighborListSource(name, lists, options, this.#interests));
  }

  *#takeFactors(bytes: Uint8Array): Pieces<void> {
    const { ials, itemsPerActorMax, weightScale } = this.#settings;
    const factors = yield* readFactors(bytes, this.#catalog.count, ials.dim);
    const options = { eventsMax: itemsPerActorMax, halfLifeS: ials.halfLifeDays * DAY_S, weightScale };
    this.#sources.push(new IalsSource({ ...ials, factors }, options, this.#interests));
  }

  *#takeHistories(bytes: Uint8Array): Pieces<void> {
    const { histories, weightScale } = this.#settings;
    const { count, capacity } = this.#catalog;
    const columns = { file: 'histories.arrow', from: 'actor', to: 'row', value: 'weight' };
    const lists = yield* readNeighborLists(bytes, columns, { fromCount: 'last', toCount: count, capacity });
    const options = { eventsMax: histories.items, halfLifeS: histories.halfLifeDays * DAY_S, weightScale };
    const tastes = yield* tastesOf(lists, capacity);
    this.#sources.push(new UserUserSource(tastes, options, this.#interests));
  }
}

function checkSettings(settings: SourceSettings): void {
  const [error] = Value.Errors(SourceSettingsSchema, settings);
  if (error === undefined) return;
  const reason = `${error.instancePath.slice(1).replaceAll('/', '.')} ${error.message}`;
  throw new ShortlistError('release_file_invalid', { file: 'sources.json', reason });
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
  const i = yield* firstNotFinite(values);
  if (i >= 0) throw new ShortlistError('release_file_invalid', { file, reason: `value ${i} is not finite` });
  return values;
}

/** All-time popularity relative to the best-seller's. */
function popularityOf(lists: RankedLists, itemCount: number): Float32Array {
  const popularity = new Float32Array(itemCount);
  const { rows, scores } = lists.list('all', -1);
  for (let i = 0; i < rows.length; i++) popularity[rows[i]!] = scores[i]! / scores[0]!;
  return popularity;
}
