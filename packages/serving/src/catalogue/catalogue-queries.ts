import { createProfile } from '@shortlist/core/catalog/to-profile.ts';
import { searchCatalog } from '@shortlist/core/catalog/search-catalog.ts';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import { CandidateSet } from '@shortlist/core/retrieval/candidate-set.ts';
import { SOURCE_COUNT, SOURCE_INDEX, type SourceName, type SourceQuery } from '@shortlist/core/retrieval/source.ts';
import { itemOf } from '../answer.ts';
import type { ItemList, ProductPage, ProductQuery } from '../recommender.ts';

/** Who is asked for neighbours, first answers first: what goes with it, then what looks like it, then its category. */
const SIMILAR: readonly SourceName[] = ['co_visitation', 'item_item', 'content', 'category', 'popular'];
const TRENDING: readonly SourceName[] = ['trending', 'popular'];

/**
 * The `k` items most like a product: the sources of the request path, asked by somebody who has viewed just that one.
 * Scores are those of the source that named the item, so they order items within one source only.
 * Errors: `item_not_found`.
 */
export function findSimilar(release: LoadedRelease, productId: string, k: number, nowS: number): ItemList {
  const { catalog } = release;
  const row = catalog.rowOf(productId);
  if (row < 0) throw new ShortlistError('item_not_found', { itemId: productId });
  const profile = createProfile(1);
  profile.rows[0] = row;
  profile.types[0] = EVENT_CODE.view;
  profile.timesS[0] = nowS;
  profile.length = 1;
  const excluded = new Uint8Array(catalog.capacity);
  excluded[row] = 1;
  const query = { profile, nowS, category: -1, userVector: null, excluded };
  // Filling up stays in the product's own category, which is what "similar" still means there.
  const category = catalog.categoryCodes[row]!;
  const own = { ...query, category };
  const list = firstOf(release, k, SIMILAR, (name) => (name === 'category' || name === 'popular' ? own : query));
  const listed = new Set([productId, ...list.items.map(({ item_id }) => item_id)]);
  const rest = Array.from(catalog.rowsOfCategory(category).subarray(0, 10 * k)).filter(
    (other) => catalog.available[other] === 1 && !listed.has(catalog.itemIds[other]!),
  );
  const items = [...list.items, ...rest.map((other) => itemOf(catalog, other, 0))].slice(0, k);
  return { ...list, items };
}

/** The `k` trending items, of one category if asked; of a category that does not exist, none. */
export function findTrending(release: LoadedRelease, category: string | undefined, k: number, nowS: number): ItemList {
  const code = category === undefined ? -1 : release.catalog.categoryCode(category);
  if (category !== undefined && code < 0) return { items: [], model_version: release.id };
  const query = { profile: createProfile(0), nowS, category: code, userVector: null, excluded: null };
  return firstOf(release, k, TRENDING, () => query, code);
}

/** One page of the catalogue; words match as core's searchCatalog says. */
export function listProducts(release: LoadedRelease, query: ProductQuery): ProductPage {
  const { catalog } = release;
  const { rows, total } = searchCatalog(catalog, query);
  return {
    products: rows.map((row) => {
      const { item_id, metadata } = itemOf(catalog, row, 0);
      return { item_id, ...metadata, available: catalog.available[row] === 1 };
    }),
    page: query.page,
    page_size: query.pageSize,
    total,
    categories: [...catalog.categories].sort(),
  };
}

/** The first `k` available items that the sources name, source after source, each in its own order. */
function firstOf(
  release: LoadedRelease,
  k: number,
  names: readonly SourceName[],
  queryFor: (name: SourceName) => SourceQuery,
  category = -1,
): ItemList {
  const { catalog, sources } = release;
  const set = new CandidateSet(500);
  const found = new Map<number, number>();
  for (const name of names) {
    if (found.size >= k) break;
    set.reset();
    sources.find((source) => source.name === name)?.retrieve(queryFor(name), 500, set);
    const column = SOURCE_INDEX[name];
    const order = Array.from({ length: set.count }, (_, c) => c).sort(
      (a, b) => set.ranks[a * SOURCE_COUNT + column]! - set.ranks[b * SOURCE_COUNT + column]!,
    );
    for (const c of order) {
      const row = set.rows[c]!;
      if (found.size >= k) break;
      if (found.has(row) || catalog.available[row] !== 1) continue;
      if (category >= 0 && catalog.categoryCodes[row] !== category) continue;
      found.set(row, set.scores[c * SOURCE_COUNT + column]!);
    }
  }
  return { items: [...found].map(([row, score]) => itemOf(catalog, row, score)), model_version: release.id };
}
