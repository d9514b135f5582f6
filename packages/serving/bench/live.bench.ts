/**
 * What following the live state costs a pod, in memory and in time of its one thread:
 *
 *   node packages/serving/bench/live.bench.ts [--items 1000000] [--repeats 5] [--item-tower FILE] [--json FILE]
 *
 * `live.apply`: an item that the release knows gets another stock and price. `live.refresh`: features of one row from its
 * counters. `live.sweep.loop_p99`: delay of the event loop while all rows are refreshed at the pod's pace. `live.memory.*`:
 * bytes of heap and arrays. `live.delta.*`: a search for 500 when so many items are new, without the release's own index.
 * `live.append`: a new item with features and, by the item-tower.onnx that is named, vector, in batches of 100.
 */
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Catalog } from '@shortlist/core/catalog/catalog.ts';
import { itemsToArrow } from '@shortlist/core/catalog/write-items.ts';
import { DEFAULT_PARAMETERS } from '@shortlist/core/contracts/effective-parameters.ts';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import type { LiveItem } from '@shortlist/core/contracts/live.ts';
import { ItemCounters } from '@shortlist/core/features/item-counters.ts';
import { ITEM_FEATURES } from '@shortlist/core/features/item-features.ts';
import { ItemTower } from '@shortlist/core/release/item-tower.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import { FlatIndex } from '@shortlist/core/retrieval/flat-index.ts';
import { GrowingIndex } from '@shortlist/core/retrieval/growing-index.ts';
import type { RankedLists } from '@shortlist/core/retrieval/ranked-lists.ts';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import { option } from '../../core/bench/option.ts';
import { report, summarised, type BenchResult } from '../../core/bench/report.ts';
import { LiveState } from '../src/live/live-state.ts';

const ITEMS = Number(option('items', '1000000'));
const REPEATS = Number(option('repeats', '5'));
const ITEM_TOWER = option('item-tower', '');
const BATCH = 10_000;
const NOW_S = 1_763_700_000;
const DIM = 64;
const K = 500;

const results: BenchResult[] = [];
const random = seededRandom(3);
const bytesInUse = (): number => {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};
/** CPU time of the process so far: a busy machine lengthens it only through its caches. */
const cpuUs = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};
const item = (row: number, version: number, of: Partial<LiveItem> = {}): LiveItem => ({
  kind: 'item',
  itemId: `item-${row}`,
  version,
  title: `Thing ${row}`,
  category: `category-${row % 200}`,
  brand: `brand-${row % 1000}`,
  price: 1 + (row % 500),
  available: true,
  createdS: NOW_S - row,
  ...of,
});

/** A release in which nothing but the catalogue and the item features is there. */
function bareRelease(items: number, spareRows: number): LoadedRelease {
  const entries = Array.from({ length: items }, (_, row) => {
    const { createdS, ...rest } = item(row, 0);
    return { ...rest, createdAtS: createdS };
  });
  const catalog = Catalog.fromArrow(itemsToArrow(entries), { spareRows });
  return {
    id: 'bare',
    dir: '',
    manifest: {} as LoadedRelease['manifest'],
    parameters: DEFAULT_PARAMETERS,
    catalog,
    sources: [],
    rankedLists: {} as RankedLists,
    popularity: new Float32Array(0),
    itemFeatures: new Float32Array(catalog.capacity * ITEM_FEATURES.length),
    itemVectors: null,
    vectorIndex: null,
    userTower: null,
    itemTower: null,
    ranker: null,
    close: () => Promise.resolve(),
  };
}

const state = new LiveState(() => NOW_S);
const release = bareRelease(ITEMS, Math.ceil(ITEMS / 10));
const withRelease = bytesInUse();
await state.attach(release);
results.push(summarised(`live.memory.follow.${ITEMS}`, 'bytes', [bytesInUse() - withRelease]));

let version = 0;
const applyUs: number[] = [];
for (let round = 0; round < REPEATS + 1; round++) {
  const changes = Array.from({ length: BATCH }, () =>
    item(Math.floor(random() * ITEMS), ++version, { available: random() < 0.5, price: 1 + Math.floor(random() * 500) }),
  );
  const begun = cpuUs();
  await state.applyItems(changes);
  if (round > 0) applyUs.push((cpuUs() - begun) / BATCH);
}
results.push(summarised('live.apply', 'cpu_us', applyUs));

const before = bytesInUse();
const counters = new ItemCounters(1);
for (const type of [EVENT_CODE.view, EVENT_CODE.add_to_cart, EVENT_CODE.purchase])
  for (let i = 0; i < 20; i++) counters.apply(0, type, NOW_S - 3600 * i * i);
const sums = [...counters.read(0)];
for (let from = 0; from < ITEMS; from += BATCH)
  state.applyCounters(
    Array.from({ length: Math.min(BATCH, ITEMS - from) }, (_, i) => ({
      itemId: `item-${from + i}`,
      version: 1,
      sums,
      firstPurchaseS: NOW_S - 1e6,
      lastPurchaseS: NOW_S - 1e3,
    })),
  );
results.push(summarised(`live.memory.counters.${ITEMS}`, 'bytes', [bytesInUse() - before]));

const [live] = [...state.residents];
const refreshUs: number[] = [];
for (let round = 0; round < REPEATS + 1; round++) {
  const begun = cpuUs();
  for (let i = 0; i < BATCH; i++) live!.features!.refresh(Math.floor(random() * ITEMS), NOW_S + round);
  if (round > 0) refreshUs.push((cpuUs() - begun) / BATCH);
}
results.push(summarised('live.refresh', 'cpu_us', refreshUs));

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const started = performance.now();
await state.completeCounters();
delay.disable();
results.push(summarised(`live.sweep.${ITEMS}`, 's', [(performance.now() - started) / 1000]));
results.push(summarised('live.sweep.loop_p99', 'ms', [delay.percentile(99) / 1e6]));

for (const added of [1_000, 10_000, 100_000]) {
  const vectors = new Float32Array((added + 1) * DIM);
  for (let row = 0; row <= added; row++) {
    const vector = vectors.subarray(row * DIM, (row + 1) * DIM).map(() => random() - 0.5);
    const norm = Math.hypot(...vector);
    vectors.set(
      vector.map((value) => value / norm),
      row * DIM,
    );
  }
  const index = new GrowingIndex(new FlatIndex(vectors, DIM, 1), vectors);
  for (let i = 0; i < added; i++) index.append();
  const [rows, scores] = [new Int32Array(K), new Float32Array(K)];
  const us: number[] = [];
  for (let q = 0; q < REPEATS + 2; q++) {
    const begun = cpuUs();
    index.search(vectors.subarray(q * DIM, (q + 1) * DIM), K, rows, scores, null);
    if (q > 1) us.push(cpuUs() - begun);
  }
  results.push(summarised(`live.delta.${added}`, 'cpu_us', us));
}

if (ITEM_TOWER !== '') {
  const bare = bareRelease(BATCH, BATCH);
  const itemVectors = new Float32Array(bare.catalog.capacity * DIM);
  for (let row = 0; row < BATCH; row++) itemVectors[row * DIM + (row % DIM)] = 1;
  const itemTower = await ItemTower.open(readFileSync(ITEM_TOWER), ITEM_TOWER, DIM);
  const vectorIndex = new GrowingIndex(new FlatIndex(itemVectors, DIM, BATCH), itemVectors);
  const following = new LiveState(() => NOW_S);
  await following.attach({ ...bare, itemVectors, itemTower, vectorIndex });
  const appendUs: number[] = [];
  for (let round = 0; round < REPEATS + 1; round++) {
    const fresh = Array.from({ length: 100 }, (_, i) => item(i, 1, { itemId: `fresh-${round}-${i}` }));
    const begun = cpuUs();
    await following.applyItems(fresh);
    if (round > 0) appendUs.push((cpuUs() - begun) / fresh.length);
  }
  results.push(summarised('live.append', 'cpu_us', appendUs));
  await itemTower.close();
}
report(results);
