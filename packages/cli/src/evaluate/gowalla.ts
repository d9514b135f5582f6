import { join } from 'node:path';
import { createProfile, toProfile } from '@shortlist/core/catalog/to-profile.ts';
import { effectiveParameters } from '@shortlist/core/contracts/effective-parameters.ts';
import type { EvaluationReport } from '@shortlist/core/contracts/evaluation.ts';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import type { CandidateSet } from '@shortlist/core/retrieval/candidate-set.ts';
import { SOURCE_COUNT, SOURCES } from '@shortlist/core/retrieval/source.ts';
import { CUTOFFS } from '@shortlist/core/statistics/ranking-metrics.ts';
import type { Environment } from '../environment.ts';
import { loadFoldRetrieval } from '../train/fold-retrieval.ts';
import { gitCommit } from '../train/git-commit.ts';
import { runPython } from '../train/python.ts';
import { StepRunner } from '../train/steps.ts';
import { datasetPaths } from '../workspace/paths.ts';
import { rankBaselines } from './baselines.ts';
import { readGowalla, type GowallaSplit } from './gowalla-files.ts';
import { GOWALLA_UNTIL_S, visitTimeS, writeGowallaFold } from './gowalla-fold.ts';
import { scoreSystem, type RankedLists } from './score-system.ts';
import type { EvaluationUnit } from './unit.ts';

export const GOWALLA = 'gowalla';

const K = Math.max(...CUTOFFS);
/** Candidates per source: enough for the fused order, and together few enough that fusion keeps them all. */
const CANDIDATES = 60;
const PARAMETERS = {
  sources: {
    two_tower: CANDIDATES,
    co_visitation: CANDIDATES,
    item_item: CANDIDATES,
    ials: CANDIDATES,
    user_user: CANDIDATES,
    popular: CANDIDATES,
    content: 0,
    category: 0,
    repeats: 0,
    trending: 0,
    new_items: 0,
  },
};
/** Nothing decays and nothing is too old: the data has no times. */
const IALS_SETTINGS = { halfLifeDays: 0 };
const SOURCE_SETTINGS = {
  itemsPerActorMax: 5_000,
  ials: IALS_SETTINGS,
  itemItem: { halfLifeDays: 0 },
  coVisitation: { windowDays: 36_500 },
  histories: { halfLifeDays: 0, items: 5_000 },
};
const BASELINES = ['popular', 'item_cf', 'ials'];

/**
 * Retrieval alone on the Gowalla split of LightGCN and BARS: fits the sources on its training part and ranks every user's
 * unvisited items by each source and by their fused order. No ranker: visits without times, slates and metadata carry none.
 * @throws `dataset_missing`, `file_unreadable`, `dataset_unusable`, those of Python's training
 */
export async function evaluateGowalla(
  environment: Environment,
  { seed, log }: { seed: number; log: (line: string) => void },
): Promise<EvaluationReport> {
  const split = await readGowalla(join(environment.dataFolder, GOWALLA));
  const { repository } = environment;
  const runDir = join(datasetPaths(environment.home, GOWALLA).folder, 'evaluation');
  const fold = join(runDir, 'fold');
  const steps = new StepRunner({ runDir, total: 2, log });
  await steps.run({
    name: 'fold',
    title: `writing ${split.train.length} users' visits to ${split.itemCount} items`,
    after: [],
    inputs: { train: split.train.map((items) => items.length) },
    work: () => writeGowallaFold(split, fold),
  });
  await steps.run({
    name: 'sources',
    title: 'fitting the sources',
    after: ['fold'],
    inputs: { seed, SOURCE_SETTINGS },
    work: () => {
      const args = ['--fold', fold, '--config', JSON.stringify(SOURCE_SETTINGS), '--seed', `${seed}`];
      return runPython({ repository, verb: 'fit-sources', args, log: (line) => log(`  ${line}`) });
    },
  });
  const actors = split.test.flatMap((items, user) => (items.length > 0 ? [user] : []));
  const units = actors.map((user) => unitOf(split, user));
  const systems = await rankSources(units, fold, log);
  log('[evaluate] baselines');
  const settings = { ials: IALS_SETTINGS };
  const options = { repository, fold, mask: 'untouched', systems: BASELINES, settings } as const;
  const baselines = await rankBaselines(actors, { ...options, log: (line) => log(`  ${line}`) });
  for (const [name, lists] of baselines) systems.set(name, lists);
  log(`[evaluate] scoring ${systems.size} systems`);
  return {
    dataset: GOWALLA,
    mode: 'new-only',
    protocol: 'split of LightGCN and BARS, training items left out; retrieval only: sources and their fused order',
    commit: await gitCommit(repository),
    rows: [...systems].flatMap(([name, lists]) => scoreSystem(name, units, lists, split.itemCount)),
  };
}

function unitOf({ train, test }: GowallaSplit, user: number): EvaluationUnit {
  const visited = train[user]!;
  return {
    id: `${user}`,
    kind: 'user',
    history: {
      itemIds: Array.from(visited, String),
      types: new Uint8Array(visited.length).fill(EVENT_CODE.purchase),
      timesS: Float64Array.from(visited, (_, position) => visitTimeS(position, visited.length)),
    },
    requestS: GOWALLA_UNTIL_S,
    truth: new Set(test[user]),
    unseenTruth: [],
    bought: new Set(visited),
  };
}

/** `fused` and `source.<name>`: all from one retrieval per user. */
async function rankSources(
  units: readonly EvaluationUnit[],
  fold: string,
  log: (line: string) => void,
): Promise<Map<string, RankedLists>> {
  const retrieval = await loadFoldRetrieval(fold, effectiveParameters(PARAMETERS));
  const { catalog } = retrieval;
  const profile = createProfile(Math.max(...units.map(({ history }) => history.itemIds.length)));
  const excluded = new Uint8Array(catalog.count);
  const fused: Int32Array[] = [];
  const alone = SOURCES.map(() => [] as Int32Array[]);
  try {
    for (const unit of units) {
      toProfile(unit.history, catalog, profile);
      for (const row of unit.bought) excluded[row] = 1;
      const userVector = await retrieval.userVector(profile, unit.requestS);
      const query = { profile, nowS: unit.requestS, category: -1, userVector, excluded };
      const found = retrieval.retrieve(query, null);
      fused.push(found.rows.slice(0, Math.min(K, found.count)));
      alone.forEach((lists, source) => lists.push(topOfSource(found, source)));
      for (const row of unit.bought) excluded[row] = 0;
      if (fused.length % 2_000 === 0) log(`[evaluate] sources: ${fused.length} of ${units.length} users`);
    }
  } finally {
    await retrieval.close();
  }
  const systems = new Map<string, RankedLists>([['fused', fused]]);
  SOURCES.forEach(({ name }, source) => {
    const lists = alone[source]!;
    if (lists.some((list) => list.length > 0)) systems.set(`source.${name}`, lists);
  });
  return systems;
}

/** What one source named, in its own order. */
function topOfSource({ rows, ranks, count }: CandidateSet, source: number): Int32Array {
  const list = new Int32Array(K);
  let length = 0;
  for (let c = 0; c < count; c++) {
    const rank = ranks[c * SOURCE_COUNT + source]!;
    if (rank === 0 || rank > K) continue;
    list[rank - 1] = rows[c]!;
    length = Math.max(length, rank);
  }
  return list.subarray(0, length);
}
