import type { CandidateSet } from '../candidate-set.ts';
import type { ListSums } from '../list-sums.ts';
import { SOURCE_COUNT, SOURCE_INDEX, type SourceName, type SourceQuery } from '../source.ts';
import { TopK } from '../top-k.ts';

/** Most candidates one source may give. */
export const SOURCE_K_MAX = 1000;

/** Hands a source's best rows to the candidate set; one per source, reused. */
export class Emitter {
  readonly top = new TopK(SOURCE_K_MAX);
  readonly rows = new Int32Array(SOURCE_K_MAX);
  readonly scores = new Float32Array(SOURCE_K_MAX);
  readonly #source: number;

  constructor(name: SourceName) {
    this.#source = SOURCE_INDEX[name];
  }

  /** The k best sums that are above 0 and not excluded. */
  emitSums(sums: ListSums, query: SourceQuery, k: number, out: CandidateSet): void {
    this.emitRanked(sums.best(k, query.excluded, this.rows, this.scores), out);
  }

  /** What `top` holds. */
  emitTop(out: CandidateSet): void {
    this.emitRanked(this.top.drain(this.rows, this.scores), out);
  }

  /** The first `count` of `rows` and `scores`, best first. */
  emitRanked(count: number, out: CandidateSet): void {
    for (let i = 0; i < count; i++) out.add(this.rows[i]!, this.#source, this.scores[i]!, i + 1);
  }

  /** Writes sums as the scores of the set's candidates, also of those that other sources found. */
  scoreFromSums(sums: ListSums, out: CandidateSet): void {
    const { rows, scores, count } = out;
    for (let c = 0; c < count; c++) scores[c * SOURCE_COUNT + this.#source] = sums.get(rows[c]!);
  }
}
