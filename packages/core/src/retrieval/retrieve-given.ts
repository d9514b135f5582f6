import type { Parameters } from '../contracts/parameters.ts';
import type { CandidateSet } from './candidate-set.ts';
import type { FusionScratch } from './fusion.ts';
import { retrieveCandidates, type RetrievalNotes } from './retrieve.ts';
import type { CandidateSource, SourceQuery } from './source.ts';

/**
 * As `retrieveCandidates`, but of what the sources find only the given rows are kept, and of those that none finds each is a
 * candidate, too: behind the others, with the scores of every source that has an opinion of it. So what a ranker reads of
 * a row is what it reads where the row was retrieved. `rows`: distinct.
 */
export function retrieveGiven(
  sources: readonly CandidateSource[],
  query: SourceQuery,
  of: { readonly rows: Int32Array; readonly parameters: Parameters },
  set: CandidateSet,
  scratch: FusionScratch,
): RetrievalNotes {
  const { rows, parameters } = of;
  return retrieveCandidates(sources, query, parameters, set, scratch, () => {
    const { order } = scratch;
    for (let i = 0; i < rows.length; i++) order[i] = set.include(rows[i]!);
    set.select(order, rows.length);
    return rows.length;
  });
}
