import type { CandidateSet } from '../candidate-set.ts';
import type { NeighborLists } from '../neighbor-lists.ts';
import type { CandidateSource, SourceName, SourceQuery } from '../source.ts';
import { Accumulator } from './accumulator.ts';
import { Emitter } from './emit.ts';
import { readInterests, type InterestOptions } from './interests.ts';

export interface NeighborListOptions extends InterestOptions {
  /** Exponent on the interest in an item, the one that the lists were fitted with: 1 takes it as it is. */
  readonly damping: number;
}

/**
 * Items near to what the profile holds: score(j) = sum over its items i of interest(i)^damping * S[i, j], with S the
 * lists of co-visitation, of EASE or of content. O(distinct items * neighbours).
 */
export class NeighborListSource implements CandidateSource {
  readonly name: SourceName;
  readonly lists: NeighborLists;
  readonly #options: NeighborListOptions;
  readonly #interests: Accumulator;
  readonly #sums: Accumulator;
  readonly #emitter: Emitter;

  /** `interests`: scratch `[n]`, free again when `retrieve` returns, so sources may share one. */
  constructor(name: SourceName, lists: NeighborLists, options: NeighborListOptions, interests?: Accumulator) {
    const itemCount = lists.offsets.length - 1;
    this.name = name;
    this.lists = lists;
    this.#options = options;
    this.#interests = interests ?? new Accumulator(itemCount);
    this.#sums = new Accumulator(itemCount);
    this.#emitter = new Emitter(name);
  }

  retrieve(query: SourceQuery, k: number, out: CandidateSet): void {
    const { offsets, neighbors, scores } = this.lists;
    const interests = this.#interests;
    const sums = this.#sums;
    const { damping } = this.#options;
    readInterests(query, this.#options, interests);
    sums.reset();
    for (let i = 0; i < interests.count; i++) {
      const item = interests.touched[i]!;
      const weight = interests.get(item) ** damping;
      sums.addList(neighbors, scores, offsets[item]!, offsets[item + 1]!, weight);
    }
    this.#emitter.emitSums(sums, query, k, out);
  }

  score(_query: SourceQuery, out: CandidateSet): void {
    this.#emitter.scoreFromSums(this.#sums, out);
  }
}
