import type { Parameters } from '../contracts/parameters.ts';
import type { CandidateSet } from './candidate-set.ts';
import { fuse, type FusionScratch } from './fusion.ts';
import { SOURCE_INDEX, SOURCES, type CandidateSource, type SourceName, type SourceQuery } from './source.ts';

/** Which half of the hybrid a release has no source for. */
export type AbsentHalf = 'collaborative' | 'content';

/** What a caller should know of one retrieval; empty when all went well. */
export interface RetrievalNotes {
  /** Sources that threw, with their errors. The others' candidates stand. */
  readonly failed: readonly { readonly source: SourceName; readonly error: unknown }[];
  /** Halves without any source that is there and switched on: the fused order is the other half's alone. */
  readonly absent: readonly AbsentHalf[];
  /** Sources that are switched on but that the release does not have, but for those of a half that is absent as a whole. */
  readonly lacking: readonly SourceName[];
}

/**
 * What stands for each half of the hybrid: behaviour or metadata, compared item by item. The category source does not
 * count, since it only needs names and works everywhere.
 */
const HALVES: Readonly<Record<AbsentHalf, readonly SourceName[]>> = {
  collaborative: SOURCES.filter(({ kind }) => kind === 'collaborative').map(({ name }) => name),
  content: ['content'],
};

/**
 * Fills `set` with the fused union of the sources' candidates: each gives up to its k, at most `candidatesMax` survive, in
 * fused order, and every source that can says its score of all survivors. The request path and the replay for training
 * both run exactly this.
 *
 * `keep` may make the set another one before it is fused, and says how many survive then.
 *
 * `sources` in the order of SOURCES. A source that throws is named in the notes, never swallowed. Sources keep the state
 * of one query at a time: read what you need of `set` before the next call.
 */
export function retrieveCandidates(
  sources: readonly CandidateSource[],
  query: SourceQuery,
  parameters: Parameters,
  set: CandidateSet,
  scratch: FusionScratch,
  keep?: () => number,
): RetrievalNotes {
  const failed: { source: SourceName; error: unknown }[] = [];
  set.reset();
  for (const source of sources) {
    const k = parameters.sources[source.name];
    if (k > 0) attempt(source.name, failed, () => source.retrieve(query, k, set));
  }
  fuse(set, parameters, scratch, keep?.());
  for (const source of sources) {
    // A source that failed to retrieve still holds another query's numbers.
    if (source.score === undefined || parameters.sources[source.name] === 0) continue;
    if (failed.some(({ source: name }) => name === source.name)) continue;
    attempt(source.name, failed, () => source.score!(query, set));
  }
  return { failed, ...missingFrom(sources, parameters) };
}

function attempt(source: SourceName, failed: { source: SourceName; error: unknown }[], work: () => void): void {
  try {
    work();
  } catch (error) {
    failed.push({ source, error });
  }
}

const NONE: readonly never[] = [];

function missingFrom(
  sources: readonly CandidateSource[],
  { sources: ks }: Parameters,
): Pick<RetrievalNotes, 'absent' | 'lacking'> {
  let present = 0;
  for (const { name } of sources) present |= 1 << SOURCE_INDEX[name];
  const has = (name: SourceName) => ((present >> SOURCE_INDEX[name]) & 1) === 1;
  const missing = SOURCES.filter(({ name }) => ks[name] > 0 && !has(name));
  const absent = (['collaborative', 'content'] as const).filter(
    (half) => !HALVES[half].some((name) => ks[name] > 0 && has(name)),
  );
  if (missing.length === 0 && absent.length === 0) return { absent: NONE, lacking: NONE };
  const named = absent.flatMap((half) => HALVES[half]);
  return { absent, lacking: missing.map(({ name }) => name).filter((name) => !named.includes(name)) };
}

/** Most candidates that all sources together may give before fusion. */
export function candidateCapacity(parameters: Parameters): number {
  return SOURCES.reduce((sum, { name }) => sum + parameters.sources[name], 0);
}
