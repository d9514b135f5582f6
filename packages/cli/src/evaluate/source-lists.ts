import { createProfile, toProfile } from '@shortlist/core/catalog/to-profile.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import { CandidateSet } from '@shortlist/core/retrieval/candidate-set.ts';
import { CUTOFFS } from '@shortlist/core/statistics/ranking-metrics.ts';
import type { EvaluationMode } from '@shortlist/core/contracts/evaluation.ts';
import type { RankedLists } from './score-system.ts';
import type { EvaluationUnit } from './unit.ts';

const K = Math.max(...CUTOFFS);

/** What each candidate source of the release would show alone: lists by `source.<name>`. */
export async function rankSources(
  release: LoadedRelease,
  units: readonly EvaluationUnit[],
  mode: EvaluationMode,
): Promise<Map<string, RankedLists>> {
  const { catalog, sources, parameters } = release;
  const lists = new Map(sources.map((source) => [source.name, [] as Int32Array[]]));
  const profile = createProfile(parameters.profileEventsMax);
  const set = new CandidateSet(K);
  const excluded = new Uint8Array(catalog.count);
  for (const unit of units) {
    toProfile(unit.history, catalog, profile);
    const userVector =
      release.userTower !== null && profile.length > 0 ? await release.userTower.run([profile], [unit.requestS]) : null;
    for (let row = 0; row < catalog.count; row++) excluded[row] = 1 - catalog.available[row]!;
    if (mode === 'new-only') for (const row of unit.bought) excluded[row] = 1;
    const query = { profile, nowS: unit.requestS, category: -1, userVector, excluded };
    for (const source of sources) {
      set.reset();
      source.retrieve(query, K, set);
      lists.get(source.name)!.push(set.rows.slice(0, set.count));
    }
  }
  return new Map([...lists].map(([name, ranked]) => [`source.${name}`, ranked]));
}
