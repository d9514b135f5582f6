import type { LiveCoVisitation } from '@shortlist/core/contracts/live.ts';
import { EVENT_WEIGHT } from '@shortlist/core/contracts/events.ts';

const DAY_S = 86_400;
const NEIGHBORS_MAX = 20;
/** Who touches more items in a day is no shopper (a crawler, a till), and would cost the square of it. */
const ITEMS_PER_DAY_MAX = 50;
/** Days of shoppers kept; the oldest make room. */
const VISITS_MAX = 200_000;
/** Visits that two items' common ones are taken to be short of: two visits must not beat two hundred. */
const SHRINKAGE = 5;

/** What one unit touched in one UTC day. */
interface Visit {
  /** At most 50: looking through them costs less than a set of them would. */
  readonly itemIds: string[];
  /** Too many items: counts for nothing. */
  dropped: boolean;
}

/**
 * Items touched by the same shopper on the same UTC day, today or yesterday. A set of (unit, day, item): an event that
 * comes twice, late or in another order changes nothing.
 */
export class CoVisitation {
  /** By day and unit. */
  readonly #visits = new Map<number, Map<string, Visit>>();
  #visitCount = 0;
  readonly #together = new Map<string, Map<string, number>>();
  readonly #visitsOf = new Map<string, number>();
  readonly #changed = new Set<string>();
  readonly #visitsMax: number;
  #today = -Infinity;

  constructor(options: { readonly visitsMax?: number } = {}) {
    this.#visitsMax = options.visitsMax ?? VISITS_MAX;
  }

  /** Notes one event. `nowS` decides which days count. */
  add(event: { unit: string; itemId: string; type: number; timeS: number }, nowS: number): void {
    const { unit, itemId, type, timeS } = event;
    if (itemId === '' || EVENT_WEIGHT[type]! <= 0) return;
    this.forgetBefore(nowS);
    const day = Math.floor(timeS / DAY_S);
    if (day < this.#today - 1 || day > this.#today + 1) return;
    let visits = this.#visits.get(day);
    if (visits === undefined) this.#visits.set(day, (visits = new Map<string, Visit>()));
    let visit = visits.get(unit);
    if (visit === undefined) {
      visits.set(unit, (visit = { itemIds: [], dropped: false }));
      this.#visitCount += 1;
      if (this.#visitCount > this.#visitsMax) this.#forgetOldest();
    }
    if (visit.dropped || visit.itemIds.includes(itemId)) return;
    if (visit.itemIds.length >= ITEMS_PER_DAY_MAX) {
      this.#undo(visit);
      visit.dropped = true;
      return;
    }
    this.#count(visit, itemId, 1);
    visit.itemIds.push(itemId);
  }

  /** Forgets days before yesterday. O(1) but once a day. */
  forgetBefore(nowS: number): void {
    const today = Math.floor(nowS / DAY_S);
    if (today <= this.#today) return;
    this.#today = today;
    for (const [day, visits] of this.#visits) {
      if (day >= today - 1) continue;
      for (const unit of visits.keys()) this.#forget(day, unit);
      this.#visits.delete(day);
    }
  }

  /** Forgets what units did: for erasure. */
  forgetUnits(units: ReadonlySet<string>): void {
    for (const day of this.#visits.keys()) for (const unit of units) this.#forget(day, unit);
  }

  /** Best neighbours of `itemId`, at most 20, by common visits over the geometric mean of both items' visits. */
  neighborsOf(itemId: string): { neighborIds: string[]; scores: number[] } {
    const own = this.#visitsOf.get(itemId) ?? 0;
    const scored = [...(this.#together.get(itemId) ?? [])].map(([neighborId, common]) => ({
      neighborId,
      score: (common / Math.sqrt(own * this.#visitsOf.get(neighborId)!)) * (common / (common + SHRINKAGE)),
    }));
    scored.sort((a, b) => b.score - a.score || (a.neighborId < b.neighborId ? -1 : 1));
    const best = scored.slice(0, NEIGHBORS_MAX);
    return { neighborIds: best.map(({ neighborId }) => neighborId), scores: best.map(({ score }) => score) };
  }

  /** Lists that changed since they were last taken, at most `max`, of the items that `isMine` chooses. */
  takeChanged(madeS: number, max: number, isMine: (itemId: string) => boolean): LiveCoVisitation {
    const items: LiveCoVisitation['items'][number][] = [];
    for (const itemId of this.#changed) {
      if (items.length >= max) break;
      this.#changed.delete(itemId);
      if (isMine(itemId)) items.push({ itemId, ...this.neighborsOf(itemId) });
    }
    return { kind: 'covisitation', madeS, items };
  }

  /** Counts the item as touched again: what was taken could not be published. */
  touch(itemIds: Iterable<string>): void {
    for (const itemId of itemIds) this.#changed.add(itemId);
  }

  #forget(day: number, unit: string): void {
    const visit = this.#visits.get(day)?.get(unit);
    if (visit === undefined) return;
    this.#undo(visit);
    this.#visits.get(day)!.delete(unit);
    this.#visitCount -= 1;
  }

  /** The visit that was noted first on the earliest day. */
  #forgetOldest(): void {
    const day = Math.min(...[...this.#visits].filter(([, visits]) => visits.size > 0).map(([one]) => one));
    this.#forget(day, this.#visits.get(day)!.keys().next().value!);
  }

  #undo(visit: Visit): void {
    for (let itemId = visit.itemIds.pop(); itemId !== undefined; itemId = visit.itemIds.pop())
      this.#count(visit, itemId, -1);
  }

  /** Adds (or with -1 takes away) `itemId`, which is not among the visit's items, to what they were seen with. */
  #count(visit: Visit, itemId: string, times: 1 | -1): void {
    for (const other of visit.itemIds) {
      this.#addTo(itemId, other, times);
      this.#addTo(other, itemId, times);
      this.#changed.add(other);
    }
    const visits = (this.#visitsOf.get(itemId) ?? 0) + times;
    if (visits === 0) this.#visitsOf.delete(itemId);
    else this.#visitsOf.set(itemId, visits);
    this.#changed.add(itemId);
  }

  #addTo(itemId: string, other: string, times: 1 | -1): void {
    let together = this.#together.get(itemId);
    if (together === undefined) this.#together.set(itemId, (together = new Map<string, number>()));
    const common = (together.get(other) ?? 0) + times;
    if (common !== 0) together.set(other, common);
    else if (together.delete(other) && together.size === 0) this.#together.delete(itemId);
  }
}
