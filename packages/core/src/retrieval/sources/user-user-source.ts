import type { CandidateSet } from '../candidate-set.ts';
import type { NeighborLists } from '../neighbor-lists.ts';
import type { CandidateSource, SourceQuery } from '../source.ts';
import { TopK } from '../top-k.ts';
import { Accumulator } from './accumulator.ts';
import { Emitter } from './emit.ts';
import { readInterests, type InterestOptions } from './interests.ts';

/** Actors per item that are looked at, the strongest first, so that a best-seller costs no more than others. */
const ACTORS_PER_ITEM = 200;
const NEIGHBOR_ACTORS = 100;

/**
 * What shoppers with like tastes took: cosine between the profile's interests and every actor's, the nearest 100 actors
 * vote for their items with their similarity. Knows no user ids: an anonymous session has neighbours too.
 */
export class UserUserSource implements CandidateSource {
  readonly name = 'user_user';
  readonly #items: NeighborLists;
  readonly #actors: NeighborLists;
  readonly #inverseNorms: Float32Array;
  readonly #options: InterestOptions;
  readonly #interests: Accumulator;
  readonly #similarities: Accumulator;
  readonly #sums: Accumulator;
  readonly #nearest = new TopK(NEIGHBOR_ACTORS);
  readonly #nearestActors = new Int32Array(NEIGHBOR_ACTORS);
  readonly #nearestScores = new Float32Array(NEIGHBOR_ACTORS);
  readonly #emitter = new Emitter('user_user');

  /** `histories`: items of every actor with their decayed weights. */
  constructor(histories: NeighborLists, itemCount: number, options: InterestOptions) {
    const actorCount = histories.offsets.length - 1;
    this.#items = histories;
    this.#actors = invert(histories, itemCount, ACTORS_PER_ITEM);
    this.#inverseNorms = inverseNorms(histories);
    this.#options = options;
    this.#interests = new Accumulator(itemCount);
    this.#similarities = new Accumulator(actorCount);
    this.#sums = new Accumulator(itemCount);
  }

  retrieve(query: SourceQuery, k: number, out: CandidateSet): void {
    const interests = this.#interests;
    const similarities = this.#similarities;
    readInterests(query, this.#options, interests);
    similarities.reset();
    for (let i = 0; i < interests.count; i++) {
      const item = interests.touched[i]!;
      const weight = interests.get(item);
      for (let n = this.#actors.offsets[item]!; n < this.#actors.offsets[item + 1]!; n++)
        similarities.add(this.#actors.neighbors[n]!, weight * this.#actors.scores[n]!);
    }
    this.#nearest.reset(NEIGHBOR_ACTORS);
    for (let i = 0; i < similarities.count; i++) {
      const actor = similarities.touched[i]!;
      this.#nearest.offer(actor, similarities.get(actor) * this.#inverseNorms[actor]!);
    }
    const count = this.#nearest.drain(this.#nearestActors, this.#nearestScores);
    this.#sums.reset();
    for (let a = 0; a < count; a++) {
      const actor = this.#nearestActors[a]!;
      const weight = this.#nearestScores[a]! * this.#inverseNorms[actor]!;
      for (let n = this.#items.offsets[actor]!; n < this.#items.offsets[actor + 1]!; n++)
        this.#sums.add(this.#items.neighbors[n]!, weight * this.#items.scores[n]!);
    }
    this.#emitter.emitSums(this.#sums, query, k, out);
  }

  score(_query: SourceQuery, out: CandidateSet): void {
    this.#emitter.scoreFromSums(this.#sums, out);
  }
}

/** Actors of every item with their weights, the strongest `listMax` (ties: lower actor). */
function invert(histories: NeighborLists, itemCount: number, listMax: number): NeighborLists {
  const lists: [actor: number, weight: number][][] = Array.from({ length: itemCount }, () => []);
  for (let actor = 0; actor < histories.offsets.length - 1; actor++)
    for (let n = histories.offsets[actor]!; n < histories.offsets[actor + 1]!; n++)
      lists[histories.neighbors[n]!]!.push([actor, histories.scores[n]!]);
  const kept = lists.map((list) => list.sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, listMax));
  const offsets = new Int32Array(itemCount + 1);
  kept.forEach((list, item) => (offsets[item + 1] = offsets[item]! + list.length));
  const flat = kept.flat();
  return {
    offsets,
    neighbors: Int32Array.from(flat, ([actor]) => actor),
    scores: Float32Array.from(flat, ([, weight]) => weight),
  };
}

function inverseNorms(histories: NeighborLists): Float32Array {
  return Float32Array.from({ length: histories.offsets.length - 1 }, (_, actor) => {
    let squares = 0;
    for (let n = histories.offsets[actor]!; n < histories.offsets[actor + 1]!; n++)
      squares += histories.scores[n]! ** 2;
    return squares > 0 ? 1 / Math.sqrt(squares) : 0;
  });
}
