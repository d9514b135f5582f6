/**
 * Time and recall of the vector indexes, interleaved, with and without filters:
 *
 *   node packages/core/bench/retrieval-index.ts [--items 1000,100000,1000000] [--sets easy,hard | --fold DIR]
 *     [--indexes flat,flat_int8,ivf,hnsw32x400] [--graph-items-max 100000] [--k 100,300,500] [--target 0.97]
 *     [--repeats 5] [--only-build] [--json FILE]
 *
 * Sets are of shop-vectors.ts, 64 dimensions; `--fold` takes those of a training fold (`training/run-<digest>/folds/final`)
 * with its real users. An index is searched as the release job would: with the fewest probes, or the smallest ef, that
 * find `--target` of the exact 500 nearest. `ivf2048` is of so many lists, `hnsw16x200` of M x efConstruction; a graph is
 * only made for catalogues up to --graph-items-max, since one of 32x400 takes minutes per 100,000 items. Indexes are kept
 * under .shortlist/bench; `--only-build` makes them and stops.
 *
 * Names are `index.<set>.<items>.<index>.<figure>`: `k500.p50|p99|recall`, `side.k500.recall` under a filter (masks of
 * index-trial.ts), `build`, `open`, `bytes` of the index beside its vectors. p50 and p99 are of single searches; median,
 * least and most are of the repeats.
 */
import { fitHnsw, fitScan } from '../src/retrieval/fit-index.ts';
import { FlatIndex } from '../src/retrieval/flat-index.ts';
import { HnswIndex } from '../src/retrieval/hnsw-index.ts';
import { IndexTrial, quantile } from '../src/retrieval/index-trial.ts';
import { ScanIndex } from '../src/retrieval/scan-index.ts';
import { option } from './option.ts';
import { report, summarised, type BenchResult } from './report.ts';
import { benchIndex, type BenchIndex } from './retrieval-indexes.ts';
import { syntheticVectors, trainedVectors, type BenchVectors } from './retrieval-vectors.ts';
import type { ShopKind } from './shop-vectors.ts';

const QUERIES = 200;
const FITTED_K = 500;
/** Searches that one index does in a round of its own. */
const TIMED_MS_MAX = 3000;

const ks = option('k', '100,300,500').split(',').map(Number);
const target = Number(option('target', '0.97'));
const repeats = Number(option('repeats', '5'));
const onlyBuild = process.argv.includes('--only-build');
const graphItemsMax = Number(option('graph-items-max', '100000'));

async function indexesOf(of: BenchVectors): Promise<BenchIndex[]> {
  const items = of.vectors.length / of.dim;
  const made: BenchIndex[] = [];
  for (const name of option('indexes', 'flat,flat_int8,ivf,hnsw32x400').split(','))
    if (!name.startsWith('hnsw') || items <= graphItemsMax) made.push(await benchIndex(name, of));
  return made;
}

/** The kernel's exact scores are the flat index's, several times faster. */
function trialOf({ vectors, dim, queries }: BenchVectors, indexes: readonly BenchIndex[], k: number): IndexTrial {
  const codes = indexes.map(({ index }) => index).find((index) => index instanceof ScanIndex);
  const flat = codes ? null : new FlatIndex(vectors, dim);
  return new IndexTrial(vectors, dim, queries, k, (...args) =>
    codes ? codes.searchExactly(...args) : flat!.search(...args),
  );
}

function fit(index: BenchIndex['index'], trial: IndexTrial): void {
  if (index instanceof ScanIndex) fitScan(index, trial, target);
  if (index instanceof HnswIndex) fitHnsw(index, trial, target);
}

/** Microseconds of single searches, a row of quantiles per repeat; the indexes take turns. */
function timed({ queries, dim }: BenchVectors, indexes: readonly BenchIndex[], k: number) {
  const [rows, scores] = [new Int32Array(k), new Float32Array(k)];
  const p50s = indexes.map((): number[] => []);
  const p99s = indexes.map((): number[] => []);
  const count = queries.length / dim;
  for (let repeat = -1; repeat < repeats; repeat++)
    indexes.forEach(({ index }, i) => {
      const us: number[] = [];
      let spentUs = 0;
      for (let q = 0; q < count && spentUs < TIMED_MS_MAX * 1000; q++) {
        const query = queries.subarray(q * dim, (q + 1) * dim);
        const started = performance.now();
        index.search(query, k, rows, scores, null);
        us.push((performance.now() - started) * 1000);
        spentUs += us.at(-1)!;
      }
      const sorted = Float64Array.from(us).sort();
      if (repeat < 0) return;
      p50s[i]!.push(quantile(sorted, 0.5));
      p99s[i]!.push(quantile(sorted, 0.99));
    });
  return { p50s, p99s };
}

function settingsOf({ index }: BenchIndex): string {
  if (index instanceof HnswIndex) return `ef ${index.ef}`;
  if (index instanceof ScanIndex)
    return `${index.listCount} lists, probes ${index.settings.probes}, band ${index.settings.band}`;
  return 'exact';
}

async function measure(of: BenchVectors): Promise<BenchResult[]> {
  const indexes = await indexesOf(of);
  if (onlyBuild) return [];
  const results: BenchResult[] = [];
  const fitting = trialOf(of, indexes, FITTED_K);
  const stemOf = ({ name }: BenchIndex) => `index.${of.name}.${name}`;
  for (const one of indexes) {
    fit(one.index, fitting);
    process.stderr.write(`${stemOf(one)}: ${settingsOf(one)}\n`);
    for (const [mask, recall] of Object.entries(fitting.filteredRecallOf(one.index)))
      results.push(summarised(`${stemOf(one)}.${mask}.k${FITTED_K}.recall`, 'share', [recall]));
    if (one.bytes > 0)
      results.push(
        summarised(`${stemOf(one)}.build`, 's', [one.buildS]),
        summarised(`${stemOf(one)}.open`, 'ms', [one.openMs]),
        summarised(`${stemOf(one)}.bytes`, 'bytes', [one.bytes]),
      );
  }
  for (const k of ks) {
    const { p50s, p99s } = timed(of, indexes, k);
    const trial = k === FITTED_K ? fitting : trialOf(of, indexes, k);
    indexes.forEach((one, i) =>
      results.push(
        summarised(`${stemOf(one)}.k${k}.p50`, 'us', p50s[i]!),
        summarised(`${stemOf(one)}.k${k}.p99`, 'us', p99s[i]!),
        summarised(`${stemOf(one)}.k${k}.recall`, 'share', [trial.recallOf(one.index)]),
      ),
    );
  }
  return results;
}

const fold = option('fold', '');
const results: BenchResult[] = [];
if (fold !== '') results.push(...(await measure(await trainedVectors(fold, QUERIES))));
else
  for (const set of option('sets', 'easy,hard').split(','))
    for (const items of option('items', '1000,100000,1000000').split(','))
      results.push(...(await measure(syntheticVectors(Number(items), QUERIES, set as ShopKind))));
if (!onlyBuild) report(results);
