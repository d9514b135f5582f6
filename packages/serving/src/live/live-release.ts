import type { Pieces } from '@shortlist/core/catalog/pieces.ts';
import type { CatalogItem } from '@shortlist/core/catalog/write-items.ts';
import type { LiveCoVisitation, LiveItem, LiveTrending } from '@shortlist/core/contracts/live.ts';
import { ITEM_FEATURES } from '@shortlist/core/features/item-features.ts';
import type { LiveCounters } from '@shortlist/core/features/live-counters.ts';
import { LiveItemFeatures } from '@shortlist/core/features/live-item-features.ts';
import { appendItems, refreshVectors } from '@shortlist/core/release/growth.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import { CONTENT_NEIGHBORS, contentNeighborsOf } from '@shortlist/core/retrieval/content-neighbors.ts';
import type { RankedList } from '@shortlist/core/retrieval/ranked-lists.ts';
import { NeighborListSource } from '@shortlist/core/retrieval/sources/neighbor-list-source.ts';
import { RankedListSource } from '@shortlist/core/retrieval/sources/ranked-list-source.ts';

/** Items without a row that are remembered, for a release that comes later and may have them. */
const ROWLESS_MAX = 100_000;
/** New items that wait for their content neighbours; of more, the newest. */
const UNPLACED_MAX = 1_000;
/** Items handed over between two turns of the event loop. */
const HANDED_OVER = 256;
/** The window of the live lists that stands for the source's newest, which is of 7 days too. */
const TRENDING_WINDOW = '7d';

type LiveLists = LiveCoVisitation['items'][number];

/**
 * The live state as one resident release has it: items by version (an older entry never overwrites a newer one), new rows,
 * overlays over its sources, and the rows whose features are to be computed anew.
 */
export class LiveRelease {
  readonly release: LoadedRelease;
  /** Null where nothing reads item features. */
  readonly features: LiveItemFeatures | null;
  /** Rows whose counters or price changed since they were last refreshed. */
  readonly dirty = new Set<number>();
  /** Where the next sweep over all rows goes on. */
  sweptTo = 0;
  readonly #releasedCount: number;
  /** [capacity]; 0: as the release has it. */
  readonly #versions: Float64Array;
  /** Unknown to the release and not available, or without room. */
  readonly #rowless = new Map<string, LiveItem>();
  #forgotten = false;
  readonly #trending: RankedListSource | undefined;
  readonly #coVisitation: NeighborListSource | undefined;
  readonly #content: NeighborListSource | undefined;
  /** New rows that no content list names yet, newest last; and the new neighbours of those that were placed. */
  #unplaced: number[] = [];
  readonly #newNeighbors = new Map<number, { readonly row: number; readonly score: number }[]>();

  private constructor(release: LoadedRelease, features: LiveItemFeatures | null) {
    const { catalog, sources } = release;
    this.release = release;
    this.features = features;
    this.#releasedCount = catalog.count;
    this.#versions = new Float64Array(catalog.capacity);
    this.#trending = sources.find((source) => source instanceof RankedListSource && source.name === 'trending') as
      RankedListSource | undefined;
    const lists = sources.filter((source) => source instanceof NeighborListSource);
    this.#coVisitation = lists.find(({ name }) => name === 'co_visitation');
    this.#content = lists.find(({ name }) => name === 'content');
  }

  /** Of a release that nobody changes yet. */
  static of(release: LoadedRelease, counters: LiveCounters): LiveRelease {
    const { catalog, itemFeatures } = release;
    if (itemFeatures.length !== catalog.capacity * ITEM_FEATURES.length) return new LiveRelease(release, null);
    return new LiveRelease(release, new LiveItemFeatures(catalog, itemFeatures, counters));
  }

  /** Rows that were appended. */
  get newRows(): number {
    return this.release.catalog.count - this.#releasedCount;
  }

  /** Items that could be served but found no room: only the next release will have them. */
  get withoutRoom(): number {
    let count = 0;
    for (const { available } of this.#rowless.values()) if (available) count += 1;
    return count;
  }

  /** Whether `changedItems` is less than all that was ever applied. */
  get forgotSome(): boolean {
    return this.#forgotten;
  }

  /**
   * Brings items to what they are now. Known ones change at once, before this returns to the event loop; new ones, if
   * they can be served, when the item tower has made their vectors. Returns how many entries were newer than what was here.
   */
  async applyItems(items: readonly LiveItem[], asOfS: number): Promise<number> {
    const fresh = new Map<string, LiveItem>();
    const moved: number[] = [];
    let applied = 0;
    for (const item of items) {
      const row = this.release.catalog.rowOf(item.itemId);
      if (row >= 0) applied += this.#change(row, item, moved);
      else if ((fresh.get(item.itemId)?.version ?? -1) < item.version) fresh.set(item.itemId, item);
    }
    applied += await this.#append(fresh, moved, asOfS);
    await refreshVectors(this.release, moved);
    return applied;
  }

  /** Counters of these items have changed. */
  noteCounters(itemIds: Iterable<string>): void {
    if (this.features === null) return;
    for (const itemId of itemIds) {
      const row = this.release.catalog.rowOf(itemId);
      if (row >= 0) this.dirty.add(row);
    }
  }

  applyTrending({ lists }: LiveTrending): void {
    const { catalog } = this.release;
    const byCategory = new Map<number, RankedList>();
    for (const { window, category, itemIds, scores } of lists) {
      const code = category === '' ? -1 : catalog.categoryCode(category);
      if (window !== TRENDING_WINDOW || (category !== '' && code < 0)) continue;
      const rows: number[] = [];
      const known: number[] = [];
      itemIds.forEach((itemId, i) => {
        const row = catalog.rowOf(itemId);
        if (row < 0) return;
        rows.push(row);
        known.push(scores[i]!);
      });
      byCategory.set(code, { rows: Int32Array.from(rows), scores: Float32Array.from(known) });
    }
    this.#trending?.overlay(byCategory);
  }

  applyCoVisitation(lists: Iterable<LiveLists>): void {
    const { catalog } = this.release;
    for (const { itemId, neighborIds, scores } of lists) {
      const row = catalog.rowOf(itemId);
      if (row < 0) continue;
      const known = neighborIds.flatMap((id, i) => {
        const neighbor = catalog.rowOf(id);
        return neighbor < 0 ? [] : [{ neighbor, score: scores[i]! }];
      });
      this.#coVisitation?.overlay(row, {
        rows: Int32Array.from(known, ({ neighbor }) => neighbor),
        scores: Float32Array.from(known, ({ score }) => score),
      });
    }
  }

  /**
   * Gives the newest `max` of the new items their content neighbours, and puts them into the lists of those that are as
   * close to them as the neighbours that they have.
   */
  *placeByContent(max: number): Pieces<void> {
    const content = this.#content;
    if (content === undefined) return;
    for (let left = max; left > 0 && this.#unplaced.length > 0; left--) {
      const row = this.#unplaced.pop()!;
      const nearest = yield* contentNeighborsOf(this.release.catalog, row);
      content.overlay(row, nearest);
      nearest.rows.forEach((neighbor, i) => this.#addToContentOf(content, neighbor, row, nearest.scores[i]!));
    }
  }

  /** What is known of items beyond the release's own files, for a release that comes later. */
  *changedItems(): Generator<readonly LiveItem[]> {
    const { catalog } = this.release;
    let batch: LiveItem[] = [];
    for (let row = 0; row < catalog.count; row++) {
      const version = this.#versions[row]!;
      if (version === 0) continue;
      batch.push({
        kind: 'item',
        itemId: catalog.itemIds[row]!,
        version,
        title: catalog.title(row),
        category: catalog.category(row),
        brand: catalog.brand(row),
        price: catalog.prices[row]!,
        available: catalog.available[row] === 1,
        createdS: catalog.createdS[row]!,
      });
      if (batch.length < HANDED_OVER) continue;
      yield batch;
      batch = [];
    }
    yield batch;
    const rowless = [...this.#rowless.values()];
    for (let from = 0; from < rowless.length; from += HANDED_OVER) yield rowless.slice(from, from + HANDED_OVER);
  }

  #addToContentOf(content: NeighborListSource, neighbor: number, row: number, score: number): void {
    const { offsets, scores } = content.lists;
    const [from, to] = [offsets[neighbor]!, offsets[neighbor + 1]!];
    if (to - from >= CONTENT_NEIGHBORS && score <= scores[to - 1]!) return;
    const others = this.#newNeighbors.get(neighbor) ?? [];
    const joined = [...others, { row, score }].sort((a, b) => b.score - a.score).slice(0, CONTENT_NEIGHBORS);
    this.#newNeighbors.set(neighbor, joined);
    content.overlay(neighbor, {
      rows: Int32Array.from(joined, (one) => one.row),
      scores: Float32Array.from(joined, (one) => one.score),
    });
  }

  /** Of a row that is there; 1 when the entry was newer. `moved` collects appended rows that need another vector. */
  #change(row: number, item: LiveItem, moved: number[]): number {
    if (item.version <= this.#versions[row]!) return 0;
    const { catalog } = this.release;
    this.#versions[row] = item.version;
    catalog.available[row] = item.available ? 1 : 0;
    const priceBefore = catalog.prices[row]!;
    const textBefore = catalog.textVersion;
    catalog.change(row, item);
    const priceChanged = catalog.prices[row] !== priceBefore;
    if (priceChanged) {
      this.features?.setPrice(row);
      this.dirty.add(row);
    }
    if (row >= this.#releasedCount && (priceChanged || catalog.textVersion !== textBefore)) moved.push(row);
    return 1;
  }

  async #append(fresh: ReadonlyMap<string, LiveItem>, moved: number[], asOfS: number): Promise<number> {
    const newer = [...fresh.values()].filter(
      ({ itemId, version }) => version > (this.#rowless.get(itemId)?.version ?? 0),
    );
    // What cannot be served needs no row: it gets one when it comes into stock.
    const wanted = newer.filter(({ available }) => available);
    const { catalog } = this.release;
    const { rows } = await appendItems(this.release, wanted.map(catalogItem), (row) => {
      this.#versions[row] = fresh.get(catalog.itemIds[row]!)!.version;
      this.features?.addRow(row, asOfS);
      this.#unplaced.push(row);
    });
    this.#unplaced = this.#unplaced.slice(-UNPLACED_MAX);
    const added = new Set(rows);
    let applied = 0;
    for (const item of newer) {
      const row = catalog.rowOf(item.itemId);
      // It may have come another way while the tower ran, perhaps in an older version.
      if (row >= 0) applied += added.has(row) ? 1 : this.#change(row, item, moved);
      else applied += this.#remember(item);
      if (row >= 0) this.#rowless.delete(item.itemId);
    }
    return applied;
  }

  #remember(item: LiveItem): number {
    const known = this.#rowless.get(item.itemId);
    if (known !== undefined && known.version >= item.version) return 0;
    if (known === undefined && this.#rowless.size >= ROWLESS_MAX) this.#forgotten = true;
    else this.#rowless.set(item.itemId, item);
    return 1;
  }
}

function catalogItem({ itemId, title, category, brand, price, available, createdS }: LiveItem): CatalogItem {
  return { itemId, title, category, brand, price, available, createdAtS: createdS };
}
