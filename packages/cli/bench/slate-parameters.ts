/**
 * What the parameters that shape a slate cost and give, on a dataset that `shortlist evaluate` has trained a release for:
 *
 *   shortlist generate --seed 21 --dataset shop && shortlist import jsonl --dataset shop
 *   shortlist evaluate --dataset shop --label any --train-until 2026-10-18T00:00:00Z
 *   node packages/cli/bench/slate-parameters.ts --dataset shop
 *
 * The served stages over what followed the training, known shoppers and visits apart: NDCG@10, recall@10, the mean
 * distance (1 - cosine of the item vectors) and the categories within the first ten. Never a test period that a release is judged by.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ParametersPatch } from '@shortlist/core/contracts/effective-parameters.ts';
import { loadRelease } from '@shortlist/core/release/load-release.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import { METRIC_COUNT, scoreList } from '@shortlist/core/statistics/ranking-metrics.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { readEnvironment } from '../src/environment.ts';
import { collectUnits } from '../src/evaluate/collect-units.ts';
import { rankServed } from '../src/evaluate/served-lists.ts';
import type { EvaluationUnit } from '../src/evaluate/unit.ts';
import { withDatabase } from '../src/workspace/database.ts';
import { datasetPaths } from '../src/workspace/paths.ts';

const VARIANTS: Readonly<Record<string, ParametersPatch>> = {
  'lambda 0': { diversity: { lambda: 0 } },
  'lambda 0.1': { diversity: { lambda: 0.1 } },
  'lambda 0.3': { diversity: { lambda: 0.3 } },
  'lambda 0.5': { diversity: { lambda: 0.5 } },
  'lambda 0.7': { diversity: { lambda: 0.7 } },
  'hideSeenS 1800': { repeats: { hideSeenS: 1800 } },
  'hideSeenS 604800': { repeats: { hideSeenS: 604_800 } },
};
const SHOWN = 10;

const environment = readEnvironment(process.env);
const dataset = process.argv[process.argv.indexOf('--dataset') + 1] ?? 'demo';
const releases = join(datasetPaths(environment.home, dataset).folder, 'evaluation', 'releases');
const newest = (await readdir(releases))
  .filter((name) => name.startsWith('r-'))
  .sort()
  .at(-1);
if (newest === undefined) throw new Error(`${dataset} has no evaluation release: run \`shortlist evaluate\` first`);
const release = await loadRelease(join(releases, newest));
const units = (await unitsOf(release)).filter(({ truth }) => truth.size > 0);
for (const [name, parameters] of Object.entries(VARIANTS)) {
  const lists = await rankServed(release, units, 'all', parameters, () => undefined);
  for (const kind of ['user', 'session'] as const) console.log(name.padEnd(18), kind.padEnd(8), summaryOf(kind, lists));
}
await release.close();

function unitsOf({ catalog, manifest }: LoadedRelease): Promise<EvaluationUnit[]> {
  const trainUntilS = manifest.trainingWindow.untilS;
  const rowOf = (id: string) => {
    const row = catalog.rowOf(id);
    return row >= 0 && catalog.createdS[row]! < trainUntilS ? row : -1;
  };
  return withDatabase(environment, dataset, ({ pool }) =>
    collectUnits(postgresStores(pool).events, rowOf, { trainUntilS, testUntilS: Infinity, label: 'any', mode: 'all' }),
  );
}

function summaryOf(kind: EvaluationUnit['kind'], lists: readonly ArrayLike<number>[]): string {
  const members = units
    .map((unit, i) => ({ unit, list: Array.from(lists[i]!) }))
    .filter(({ unit }) => unit.kind === kind);
  const metrics = new Float64Array(METRIC_COUNT);
  const sums = { ndcg: 0, recall: 0, distance: 0, categories: 0 };
  for (const { unit, list } of members) {
    scoreList(list, unit.truth, metrics, 0);
    const shown = list.slice(0, SHOWN);
    // Cut-offs are 5, 10 and 20; recall stands first, NDCG last.
    sums.recall += metrics[4]!;
    sums.ndcg += metrics[7]!;
    sums.distance += meanDistance(shown);
    sums.categories += new Set(shown.map((row) => release.catalog.categoryCodes[row]!)).size;
  }
  const mean = (sum: number, digits: number) => (sum / members.length).toFixed(digits);
  return (
    `ndcg@10 ${mean(sums.ndcg, 4)}  recall@10 ${mean(sums.recall, 4)}  ` +
    `distance ${mean(sums.distance, 3)}  categories ${mean(sums.categories, 2)}  (${members.length})`
  );
}

function meanDistance(rows: readonly number[]): number {
  const { itemVectors, manifest } = release;
  if (itemVectors === null || rows.length < 2) return 0;
  let sum = 0;
  for (let a = 0; a < rows.length; a++)
    for (let b = 0; b < a; b++) {
      let cosine = 0;
      for (let d = 0; d < manifest.dim; d++)
        cosine += itemVectors[rows[a]! * manifest.dim + d]! * itemVectors[rows[b]! * manifest.dim + d]!;
      sum += 1 - cosine;
    }
  return (2 * sum) / (rows.length * (rows.length - 1));
}
