/**
 * CPU time of every candidate source alone (100 events a request) and of the whole retrieval without the vector index
 * (100 and 20 events), 500 candidates a request:
 * `node packages/core/bench/retrieval-sources.ts [--items 1000,20000,200000] [--json FILE]`
 */
import { atOnce } from '../src/catalog/pieces.ts';
import { DEFAULT_PARAMETERS } from '../src/contracts/effective-parameters.ts';
import { CandidateSet } from '../src/retrieval/candidate-set.ts';
import { FusionScratch, fuse } from '../src/retrieval/fusion.ts';
import { RankedLists } from '../src/retrieval/ranked-lists.ts';
import { candidateCapacity, retrieveCandidates } from '../src/retrieval/retrieve.ts';
import type { CandidateSource, SourceQuery } from '../src/retrieval/source.ts';
import { SOURCE_INDEX } from '../src/retrieval/source.ts';
import { Accumulator } from '../src/retrieval/sources/accumulator.ts';
import { CategorySource } from '../src/retrieval/sources/category-source.ts';
import { IalsSource } from '../src/retrieval/sources/ials-source.ts';
import { NeighborListSource } from '../src/retrieval/sources/neighbor-list-source.ts';
import { NewItemsSource } from '../src/retrieval/sources/new-items-source.ts';
import { RankedListSource } from '../src/retrieval/sources/ranked-list-source.ts';
import { RepeatsSource } from '../src/retrieval/sources/repeats-source.ts';
import { tastesOf, UserUserSource } from '../src/retrieval/sources/user-user-source.ts';
import { seededRandom } from '../src/statistics/seeded-random.ts';
import { interleaved, report } from './report.ts';
import { benchCatalog, benchLists, benchProfiles, NOW_S } from './retrieval-shop.ts';
import { trendingBytes } from './retrieval-trending.ts';

const PROFILES = 64;

function benchSources(itemCount: number): CandidateSource[] {
  const catalog = benchCatalog(itemCount);
  const lists = RankedLists.fromArrow(trendingBytes(catalog), catalog);
  const interests = new Accumulator();
  const halfLifeS = 60 * 86_400;
  const weightScale = 5;
  const linear = { weightScale, damping: 1 };
  const random = seededRandom(3);
  const factors = Float32Array.from({ length: itemCount * 64 }, () => random() - 0.5);
  const near = Math.min(200, itemCount >> 1);
  const sources: CandidateSource[] = [
    new NeighborListSource(
      'co_visitation',
      benchLists(itemCount, itemCount, 50, 4),
      { ...linear, eventsMax: 50, halfLifeS: 0 },
      interests,
    ),
    new NeighborListSource(
      'item_item',
      benchLists(itemCount, itemCount, near, 5),
      { weightScale, damping: 0.5, eventsMax: Infinity, halfLifeS },
      interests,
    ),
    new NeighborListSource(
      'content',
      benchLists(itemCount, itemCount, 50, 6),
      { ...linear, eventsMax: 50, halfLifeS },
      interests,
    ),
    new UserUserSource(
      atOnce(tastesOf(benchLists(20_000, itemCount, 40, 8), itemCount)),
      { weightScale, eventsMax: 200, halfLifeS },
      interests,
    ),
    new CategorySource(catalog, lists),
    new RepeatsSource(new Float32Array(itemCount), weightScale),
    new RankedListSource('trending', lists),
    new RankedListSource('popular', lists),
    new NewItemsSource(catalog),
    new IalsSource(
      { factors, dim: 64, alpha0: 0.05, regularisation: 0.005, nu: 1 },
      { weightScale, eventsMax: 300, halfLifeS },
      interests,
    ),
  ];
  return sources.sort((a, b) => SOURCE_INDEX[a.name] - SOURCE_INDEX[b.name]);
}

function measure(itemCount: number) {
  const sources = benchSources(itemCount);
  const parameters = DEFAULT_PARAMETERS;
  const queriesOf = (events: number) =>
    benchProfiles(itemCount, PROFILES, events).map((profile): SourceQuery => ({
      profile,
      nowS: NOW_S,
      category: -1,
      userVector: null,
      excluded: null,
    }));
  const queries = queriesOf(100);
  const shortQueries = queriesOf(20);
  const capacity = candidateCapacity(parameters) + 500;
  const set = new CandidateSet(capacity);
  const scratch = new FusionScratch(capacity);
  const alternatives: Record<string, (call: number) => void> = {};
  for (const source of sources) {
    // What iALS would cost if it were switched on.
    const k = parameters.sources[source.name] || 100;
    alternatives[`retrieve.${source.name}.${itemCount}.cpu_us`] = (call) => {
      set.reset();
      source.retrieve(queries[call % PROFILES]!, k, set);
    };
  }
  alternatives[`retrieve.fuse.${itemCount}.cpu_us`] = () => {
    set.reset();
    for (let i = 0; i < 800; i++) set.add((i * 7919) % itemCount, i % 4, 1, 1 + (i >> 2));
    fuse(set, parameters, scratch);
  };
  for (const [name, of] of Object.entries({ all: queries, all_20_events: shortQueries }))
    alternatives[`retrieve.${name}.${itemCount}.cpu_us`] = (call) => {
      retrieveCandidates(sources, of[call % PROFILES]!, parameters, set, scratch);
    };
  return interleaved(alternatives, { repeats: 15, calls: PROFILES });
}

const asked = process.argv.includes('--items')
  ? process.argv[process.argv.indexOf('--items') + 1]!
  : '1000,20000,200000';
report(asked.split(',').flatMap((items) => measure(Number(items))));
