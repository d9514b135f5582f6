import type { Parameters } from '../contracts/parameters.ts';
import type { CandidateSet } from './candidate-set.ts';
import { fuse, type FusionScratch } from './fusion.ts';
import { SOURCES, type CandidateSource, type SourceName, type SourceQuery } from './source.ts';

/** What a caller should know of one retrieval; empty when all went well. */
export interface RetrievalNotes {
  /** Sources that threw, with their errors. The others' candidates stand. */
  readonly failed: readonly { readonly source: SourceName; readonly error: unknown }[];
}

const ALL_WELL: RetrievalNotes = { failed: [] };

/**
 * Fills `set` with the fused union of the sources' candidates: each gives up to its k, at most `candidatesMax` survive, in
 * fused order, and every source that can says its score of all survivors. The request path and the replay for training
 * both run exactly this.
 *
 * `sources` in the order of SOURCES. A source that throws is named in the notes, never swallowed.
 */
export function retrieveCandidates(
  sources: readonly CandidateSource[],
  query: SourceQuery,
  parameters: Parameters,
  set: CandidateSet,
  scratch: FusionScratch,
): RetrievalNotes {
  let failed: { source: SourceName; error: unknown }[] | undefined;
  const attempt = (source: CandidateSource, work: () => void) => {
    try {
      work();
    } catch (error) {
      (failed ??= []).push({ source: source.name, error });
    }
  };
  set.reset();
  for (const source of sources) {
    const k = parameters.sources[source.name];
    if (k > 0) attempt(source, () => source.retrieve(query, k, set));
  }
  fuse(set, parameters, scratch);
  for (const source of sources)
    if (source.score && parameters.sources[source.name] > 0) attempt(source, () => source.score!(query, set));
  return failed === undefined ? ALL_WELL : { failed };
}

/** Most candidates that all sources together may give before fusion. */
export function candidateCapacity(parameters: Parameters): number {
  return SOURCES.reduce((sum, { name }) => sum + parameters.sources[name], 0);
}
