import { inPieces, PIECE, type Pieces } from '../../catalog/pieces.ts';
import type { CandidateSet } from '../candidate-set.ts';
import { ListSums } from '../list-sums.ts';
import type { NeighborLists } from '../neighbor-lists.ts';
import type { CandidateSource, SourceQuery } from '../source.ts';
import { TopK } from '../top-k.ts';
import { Accumulator } from './accumulator.ts';
import { Emitter } from './emit.ts';
import { readInterests, type InterestOptions } from './interests.ts';

/**
 * Actors per item that are looked at, the strongest first, so that a best-seller costs no more than others. On a held-out
 * month of online-retail 50 to 200 found the same within .002 recall@20, and half the time of a request goes here.
 */
const ACTORS_PER_ITEM = 100;
const NEIGHBOR_ACTORS = 100;
/** Lists, of up to some hundred entries, between two yields. */
const LISTS_PIECE = 128;

/** Items of every actor, of unit length, and the strongest actors of every item. */
export interface Tastes {
  readonly items: ListSums;
  readonly actors: ListSums;
}

/** `histories`: items of every actor with their decayed weights, which become of unit length. */
export function* tastesOf(histories: ListSums, itemCount: number): Pieces<Tastes> {
  yield* normalise(histories);
  return { items: histories, actors: yield* invert(histories, itemCount, ACTORS_PER_ITEM) };
}

/**
 * What shoppers with like tastes took: cosine between the profile's interests and every actor's, the nearest 100 actors
 * vote for their items with their similarity. Knows no user ids: an anonymous session has neighbours too.
 */
export class UserUserSource implements CandidateSource {
  readonly name = 'user_user';
  readonly #items: ListSums;
  readonly #actors: ListSums;
  readonly #options: InterestOptions;
  readonly #interests: Accumulator;
  readonly #nearestActors = new Int32Array(NEIGHBOR_ACTORS);
  readonly #nearestScores = new Float32Array(NEIGHBOR_ACTORS);
  readonly #emitter = new Emitter('user_user');

  /** `interests`: scratch, free again when `retrieve` returns, so sources may share it. */
  constructor(tastes: Tastes, options: InterestOptions, interests = new Accumulator()) {
    this.#items = tastes.items;
    this.#actors = tastes.actors;
    this.#options = options;
    this.#interests = interests;
  }

  retrieve(query: SourceQuery, k: number, out: CandidateSet): void {
    readInterests(query, this.#options, this.#interests);
    this.#compareActors();
    this.#vote();
    this.#emitter.emitSums(this.#items, query, k, out);
  }

  /** Inner products of the profile's interests with the actors' histories; other actors have none. */
  #compareActors(): void {
    const interests = this.#interests;
    this.#actors.begin(interests.touched, interests.count);
    for (let i = 0; i < interests.count; i++) {
      const item = interests.touched[i]!;
      this.#actors.add(item, interests.get(item));
    }
  }

  /** The nearest actors by cosine, up to the length of the profile, which is the same for all, add their items. */
  #vote(): void {
    const [actors, similarities] = [this.#nearestActors, this.#nearestScores];
    const count = this.#actors.best(NEIGHBOR_ACTORS, null, actors, similarities);
    this.#items.begin(actors, count);
    for (let a = 0; a < count; a++) this.#items.add(actors[a]!, similarities[a]!);
  }

  score(_query: SourceQuery, out: CandidateSet): void {
    this.#emitter.scoreFromSums(this.#items, out);
  }
}

/** Actors of every item with their weights, the strongest `listMax` (ties: lower actor), in ascending order of actors. */
function* invert(histories: ListSums, itemCount: number, listMax: number): Pieces<ListSums> {
  const all = yield* transpose(histories, itemCount);
  const lengthOf = (item: number): number => Math.min(listMax, all.offsets[item + 1]! - all.offsets[item]!);
  let entries = 0;
  for (let item = 0; item < itemCount; item++) entries += lengthOf(item);
  const actorCount = histories.offsets.length - 1;
  const inverse = new ListSums({ lists: itemCount, entries, rows: actorCount });
  const { offsets, neighbors, scores } = inverse;
  for (let item = 0; item < itemCount; item++) offsets[item + 1] = offsets[item]! + lengthOf(item);
  const strongest = new TopK(listMax);
  const [places, weights] = [new Int32Array(listMax), new Float32Array(listMax)];
  yield* inPieces(itemCount, LISTS_PIECE, (start, until) => {
    for (let item = start; item < until; item++) {
      strongest.reset(listMax);
      for (let n = all.offsets[item]!; n < all.offsets[item + 1]!; n++) strongest.offer(n, all.scores[n]!);
      const count = strongest.drain(places, weights);
      // Ascending, so that a request walks the actors' sums in one direction.
      places.subarray(0, count).sort();
      for (let i = 0; i < count; i++) {
        neighbors[offsets[item]! + i] = all.neighbors[places[i]!]!;
        scores[offsets[item]! + i] = all.scores[places[i]!]!;
      }
    }
  });
  return inverse;
}

/** Columns as lists: for every `to` of the lists its `from`s in ascending order. O(entries), by counting. */
function* transpose(lists: NeighborLists, toCount: number): Pieces<NeighborLists> {
  const offsets = new Int32Array(toCount + 1);
  yield* inPieces(lists.neighbors.length, PIECE, (start, until) => {
    for (let i = start; i < until; i++) offsets[lists.neighbors[i]! + 1]! += 1;
  });
  for (let to = 0; to < toCount; to++) offsets[to + 1]! += offsets[to]!;
  const next = offsets.slice();
  const neighbors = new Int32Array(lists.neighbors.length);
  const scores = new Float32Array(lists.neighbors.length);
  yield* inPieces(lists.offsets.length - 1, LISTS_PIECE, (start, until) => {
    for (let from = start; from < until; from++)
      for (let n = lists.offsets[from]!; n < lists.offsets[from + 1]!; n++) {
        const place = next[lists.neighbors[n]!]!++;
        neighbors[place] = from;
        scores[place] = lists.scores[n]!;
      }
  });
  return { offsets, neighbors, scores };
}

/** Scales the lists to unit length: actors with long histories do not outvote others. */
function* normalise({ offsets, scores }: NeighborLists): Pieces<void> {
  yield* inPieces(offsets.length - 1, LISTS_PIECE, (start, until) => {
    for (let from = start; from < until; from++) {
      let squares = 0;
      for (let n = offsets[from]!; n < offsets[from + 1]!; n++) squares += scores[n]! ** 2;
      const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
      for (let n = offsets[from]!; n < offsets[from + 1]!; n++) scores[n]! *= scale;
    }
  });
}
