import type { CandidateSet } from '../candidate-set.ts';
import type { ListSums } from '../list-sums.ts';
import type { NeighborLists } from '../neighbor-lists.ts';
import type { CandidateSource, SourceName, SourceQuery } from '../source.ts';
import { Accumulator } from './accumulator.ts';
import { Emitter } from './emit.ts';
import { readInterests, type InterestOptions } from './interests.ts';

export interface NeighborListOptions extends InterestOptions {
  /** Exponent on the interest in an item, the one that the lists were fitted with: 1 takes it as it is. */
  readonly damping: number;
}

/** Neighbours of one item, best first. */
export interface Neighbors {
  readonly rows: Int32Array;
  readonly scores: Float32Array;
}

/**
 * Items near to what the profile holds: score(j) = sum over its items i of interest(i)^damping * S[i, j], with S the
 * lists of co-visitation, of EASE or of content. O(distinct items * neighbours). A pod lays what is seen together right now
 * over the release's lists.
 */
export class NeighborListSource implements CandidateSource {
  readonly name: SourceName;
  readonly #lists: ListSums;
  readonly #options: NeighborListOptions;
  readonly #interests: Accumulator;
  readonly #emitter: Emitter;
  /** Instead of the release's list, by row: that list and the live one in one. */
  readonly #merged = new Map<number, Neighbors>();

  /** `lists`: one for each item, of this source alone. `interests`: scratch, free again when `retrieve` returns, so sources may share it. */
  constructor(name: SourceName, lists: ListSums, options: NeighborListOptions, interests = new Accumulator()) {
    this.name = name;
    this.#lists = lists;
    this.#options = options;
    this.#interests = interests;
    this.#emitter = new Emitter(name);
  }

  get lists(): NeighborLists {
    return this.#lists;
  }

  retrieve(query: SourceQuery, k: number, out: CandidateSet): void {
    const interests = this.#interests;
    const lists = this.#lists;
    const { damping } = this.#options;
    readInterests(query, this.#options, interests);
    lists.begin(interests.touched, interests.count);
    for (let i = 0; i < interests.count; i++) {
      const item = interests.touched[i]!;
      const interest = interests.get(item);
      const weight = damping === 1 ? interest : interest ** damping;
      const merged = this.#merged.size === 0 ? undefined : this.#merged.get(item);
      if (merged === undefined) lists.add(item, weight);
      else lists.addGuest(merged.rows, merged.scores, weight);
    }
    this.#emitter.emitSums(lists, query, k, out);
  }

  /**
   * Joins live neighbours of an item with the release's: one that both name has the higher score. Their scores are of one
   * kind, common visitors over the geometric mean of all. No live neighbours: the release's list alone. Errors: RangeError for
   * a row that the catalogue has no room for; sums would be written anywhere.
   */
  overlay(row: number, live: Neighbors): void {
    const capacity = this.#lists.offsets.length - 1;
    const stray = live.rows.find((neighbor) => neighbor < 0 || neighbor >= capacity);
    if (stray !== undefined) throw new RangeError(`neighbour ${stray} of row ${row} is none of ${capacity} rows`);
    if (live.rows.length === 0) {
      this.#merged.delete(row);
      return;
    }
    const { offsets, neighbors, scores } = this.#lists;
    const joined = new Map<number, number>();
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) joined.set(neighbors[i]!, scores[i]!);
    live.rows.forEach((neighbor, i) =>
      joined.set(neighbor, Math.max(joined.get(neighbor) ?? -Infinity, live.scores[i]!)),
    );
    const order = [...joined].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
    this.#merged.set(row, {
      rows: Int32Array.from(order, ([neighbor]) => neighbor),
      scores: Float32Array.from(order, ([, score]) => score),
    });
  }

  score(_query: SourceQuery, out: CandidateSet): void {
    this.#emitter.scoreFromSums(this.#lists, out);
  }
}
