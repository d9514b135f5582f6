/**
 * What a swap of the release costs those who are being served meanwhile:
 *
 *   node packages/serving/bench/swap.bench.ts [--items 1000,100000] [--repeats 5] [--rate 100] [--json FILE]
 *
 * One release serves `--rate` requests a second while another is loaded beside it and swapped in, `--repeats` times.
 * `swap.stall.*` is the longest time that the event loop did not turn, `swap.request.*` the longest that a request took,
 * `swap.refused.*` how many got no answer within 100 ms, `swap.load.*` how long the load took.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { benchProfiles, NOW_S } from '../../core/bench/retrieval-shop.ts';
import { option } from '../../core/bench/option.ts';
import { report, summarised, type BenchResult } from '../../core/bench/report.ts';
import { loadRelease } from '@shortlist/core/release/load-release.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import { Pace } from '@shortlist/core/release/pace.ts';
import type { ProfileStore } from '@shortlist/core/stores/profile-store.ts';
import { createRecommender } from '../src/create-recommender.ts';
import { writeSyntheticRelease } from './synthetic-run.ts';

const USERS = 64;
const LIMITS = { deadlineMs: 100, batchRequestsMax: 32, batchRowsMax: 2048, batchWaitMs: 0, queueMax: 256 };

function storeOf({ catalog }: LoadedRelease): ProfileStore {
  const profiles = benchProfiles(catalog.count, USERS).map(({ rows, types, timesS }) => ({
    itemIds: Array.from(rows, (row) => catalog.itemIds[row]!),
    types,
    timesS,
    keys: Array.from(rows, (_, e) => String(e)),
  }));
  return { recent: (unit) => Promise.resolve(profiles['userId' in unit ? Number(unit.userId) : 0]!) };
}

interface Swap {
  readonly stallMs: number;
  readonly requestMs: number;
  readonly refused: number;
  readonly loadMs: number;
}

/** Serves from the first folder while the others are loaded one after the other. */
async function measure(folders: readonly [string, string], rate: number, repeats: number): Promise<Swap[]> {
  const releases = { current: await loadRelease(folders[0]) };
  const recommender = createRecommender({
    releases,
    profiles: storeOf(releases.current),
    limits: LIMITS,
    nowS: () => NOW_S,
  });
  await recommender.warmUp(releases.current);
  let slowestMs = 0;
  let refused = 0;
  let asked = 0;
  const ask = async (): Promise<void> => {
    const startedMs = performance.now();
    const body = { user_id: String(asked++ % USERS), num_items: 20 };
    await recommender.recommend(body, `swap-${asked}`).catch(() => (refused += 1));
    slowestMs = Math.max(slowestMs, performance.now() - startedMs);
  };
  const shopper = setInterval(() => void ask(), 1000 / rate);
  await sleep(2000);
  const swaps: Swap[] = [];
  for (let swap = 0; swap < repeats; swap++) {
    [slowestMs, refused] = [0, 0];
    const delays = monitorEventLoopDelay({ resolution: 1 });
    delays.enable();
    const startedMs = performance.now();
    const next = await loadRelease(folders[(swap + 1) % 2]!, { pace: Pace.shared() });
    await recommender.warmUp(next, Pace.shared());
    const loadMs = performance.now() - startedMs;
    const previous = releases.current;
    releases.current = next;
    await sleep(500);
    delays.disable();
    swaps.push({ stallMs: delays.max / 1e6, requestMs: slowestMs, refused, loadMs });
    await previous.close();
  }
  clearInterval(shopper);
  await sleep(200);
  await recommender.close();
  await releases.current.close();
  return swaps;
}

const results: BenchResult[] = [];
const folder = await mkdtemp(join(tmpdir(), 'swap-bench-'));
try {
  for (const items of option('items', '1000,100000').split(',').map(Number)) {
    const folders = [
      await writeSyntheticRelease(join(folder, String(items)), items, 1),
      await writeSyntheticRelease(join(folder, String(items)), items, 2),
    ] as const;
    const swaps = await measure(folders, Number(option('rate', '100')), Number(option('repeats', '5')));
    const label = items % 1000 === 0 ? `${items / 1000}k` : String(items);
    for (const [name, unit, of] of [
      ['stall', 'ms', (swap: Swap) => swap.stallMs],
      ['request', 'ms', (swap: Swap) => swap.requestMs],
      ['refused', 'requests', (swap: Swap) => swap.refused],
      ['load', 'ms', (swap: Swap) => swap.loadMs],
    ] as const)
      results.push(summarised(`swap.${name}.${label}`, unit, swaps.map(of)));
  }
} finally {
  await rm(folder, { recursive: true });
}
report(results);
