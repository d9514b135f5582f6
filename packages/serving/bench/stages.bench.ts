/**
 * CPU time of every stage of the request path, 100 events and 500 candidates a request, one request a batch:
 *
 *   node packages/serving/bench/stages.bench.ts [--items 1000,100000] [--repeats 15] [--json FILE]
 *
 * The stages are those of pipeline.ts, run one after the other over the same requests; sizes are interleaved. CPU time of
 * the whole process (user and system, garbage collection included), so other work on the machine hardly shows.
 * `serve.assign.*` is stage 1 in 20 running experiments, and without any.
 * `serve.rank_fp32.*` is the rank stage with the fp32 model; `serve.batch4.*` is four requests in one batch, per request.
 */
import { benchSnapshot } from '../../core/bench/assignment-snapshot.ts';
import { NOW_S } from '../../core/bench/retrieval-shop.ts';
import { option } from '../../core/bench/option.ts';
import { report, summarised } from '../../core/bench/report.ts';
import type { Parameters } from '@shortlist/core/contracts/parameters.ts';
import { loadRelease } from '@shortlist/core/release/load-release.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import type { ProfileStore } from '@shortlist/core/stores/profile-store.ts';
import { createProfiles } from '../src/create-profiles.ts';
import { AssignmentBook } from '../src/experiments/assignment-book.ts';
import { Variants } from '../src/experiments/variants.ts';
import { createRecorder, runStage, STAGES, type RecordSink, type StageServices } from '../src/pipeline.ts';
import { orderDescending } from '@shortlist/core/retrieval/float-order.ts';
import { RankingRequest } from '../src/ranking-request.ts';
import { ReleaseWorkspace } from '../src/release-workspace.ts';
import { RuleBook } from '../src/rules/rule-book.ts';
import { benchRelease } from './http/bench-release.ts';
import { shoppers } from './synthetic-shoppers.ts';

const USERS = 64;
/** Requests between two readings of the clock: its resolution is some microseconds. */
const REQUESTS = 32;
const WARM_UP_ROUNDS = 3;
/** From here on the index is made without trying the others, which takes minutes. */
const LISTS_FROM = 10_000;

const RECORD_LIMITS = { recordsQueueMax: 10_000, recordsFlushMs: 100, exposureMemoryMax: 10_000 };
const NOWHERE = { put: () => true, status: () => ({}) } as unknown as RecordSink;

interface Shop {
  readonly label: string;
  readonly workspace: ReleaseWorkspace;
  readonly services: StageServices;
}

async function openShop(items: number): Promise<Shop> {
  const release = await loadRelease(await benchRelease(items, items < LISTS_FROM ? 'auto' : 'ivf'));
  const workspace = new ReleaseWorkspace(release);
  return {
    label: items % 1000 === 0 ? `${items / 1000}k` : String(items),
    workspace,
    services: {
      variants: null,
      workspaceOf: () => workspace,
      rules: RuleBook.none(),
      profiles: createProfiles({ store: storeOf(release), entriesMax: 1000, ttlMs: 3_600_000 }).cache,
      recorder: createRecorder(NOWHERE, RECORD_LIMITS),
      onFailure: (what, error) => {
        throw new Error(`${what} failed`, { cause: error });
      },
      onLate: () => undefined,
    },
  };
}

function storeOf({ catalog }: LoadedRelease): ProfileStore {
  const profiles = shoppers(catalog.count, USERS).map(({ rows, types, timesS }) => ({
    itemIds: Array.from(rows, (row) => catalog.itemIds[row]!),
    types,
    timesS,
    keys: Array.from(rows, (_, e) => String(e)),
  }));
  return { recent: (unit) => Promise.resolve(profiles['userId' in unit ? Number(unit.userId) : 0]!) };
}

function requestOf({ workspace }: Shop, number: number, parameters: Parameters): RankingRequest {
  return new RankingRequest({
    id: `bench-${number}`,
    body: { user_id: String(number % USERS), num_items: 20, context: { surface: 'home', device: 'mobile' } },
    trace: undefined,
    workspace,
    parameters,
    nowS: NOW_S,
    deadlineMs: Infinity,
  });
}

/** CPU microseconds per call of `work`. */
async function cpuUs(calls: number, work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

/** One pass of REQUESTS requests through all stages, `together` of them in a batch; microseconds per request by stage. */
async function pass(shop: Shop, parameters: Parameters, together: number): Promise<Map<string, number>> {
  const { workspace, services } = shop;
  const requests = Array.from({ length: REQUESTS }, (_, i) => requestOf(shop, i, parameters));
  const took = new Map<string, number>();
  for (const request of requests) request.slot = workspace.takeSlot();
  for (const stage of STAGES) {
    const size = stage.scope === 'batch' ? together : 1;
    const us = await cpuUs(REQUESTS, async () => {
      for (let at = 0; at < REQUESTS; at += size) await runStage(stage, requests.slice(at, at + size), services);
      // What the record stage leaves for after the answers is its cost, too.
      if (stage.name === 'record') services.recorder!.queue.flush();
    });
    took.set(stage.name, us);
  }
  for (const request of requests) {
    const { count } = request.buffers.candidates;
    if (count !== parameters.candidatesMax)
      throw new Error(`${count} candidates of ${shop.label}, not those asked for`);
    workspace.returnSlot(request.buffers);
  }
  took.set(
    'sum',
    [...took.values()].reduce((sum, us) => sum + us, 0),
  );
  return took;
}

const sizes = option('items', '1000,100000').split(',').map(Number);
const repeats = Number(option('repeats', '15'));
const shops: Shop[] = [];
for (const items of sizes) shops.push(await openShop(items));

const book = new AssignmentBook({ unitsMax: 20_000 });
book.offer(JSON.stringify(benchSnapshot(NOW_S)), 'redis');
const variants = new Variants({ book, releases: { current: shops[0]!.workspace.release }, parameters: undefined });

const values = new Map<string, number[]>();
const note = (name: string, us: number): void => {
  const list = values.get(name);
  if (list === undefined) values.set(name, [us]);
  else list.push(us);
};
for (let round = -WARM_UP_ROUNDS; round < repeats; round++) {
  for (const shop of shops) {
    // In a catalogue of 1,000 the sources overlap so much that their default k leave fewer than 500.
    const wide = { ...shop.workspace.release.parameters };
    wide.sources = { ...wide.sources, two_tower: 500, popular: 500 };
    const int8 = await pass(shop, wide, 1);
    const fp32 = await pass(shop, { ...wide, precision: 'fp32' }, 1);
    const batched = await pass(shop, wide, 4);
    if (round < 0) continue;
    const size = `${shop.label}.${wide.candidatesMax}.cpu_us`;
    for (const [stage, us] of int8) note(stage === 'sum' ? `serve.sum.${size}` : `serve.stage.${stage}.${size}`, us);
    note(`serve.rank_fp32.${size}`, fp32.get('rank')!);
    note(`serve.batch4.${size}`, batched.get('sum')!);
  }
  await benchOrder(round);
  await benchAssign(round);
}
report([...values].map(([name, list]) => summarised(name, 'us', list)));
for (const { workspace } of shops) await workspace.release.close();

/** Stage 1 for requests of users who are in 5 of 20 experiments, whose places are kept. */
async function benchAssign(round: number): Promise<void> {
  const [{ workspace, services }] = shops as [Shop];
  const { release } = workspace;
  const stage = STAGES[0]!;
  const requests = Array.from({ length: 5_000 }, (_, i) => [requestOf(shops[0]!, i, release.parameters)]);
  const us = await cpuUs(requests.length, async () => {
    for (const request of requests) await runStage(stage, request, { ...services, variants });
  });
  const without = await cpuUs(requests.length, async () => {
    for (const request of requests) await runStage(stage, request, services);
  });
  if (requests[0]![0]!.enrolments.length === 0) throw new Error('nobody was in an experiment');
  if (round < 0) return;
  note('serve.assign.20-experiments.cpu_us', us);
  note('serve.assign.none.cpu_us', without);
}

/** Our radix sort against a sort with a comparison function. */
async function benchOrder(round: number): Promise<void> {
  const scores = Float32Array.from({ length: 500 }, (_, i) => ((i * 7919) % 500) / 500);
  const out = new Int32Array(500);
  const radix = await cpuUs(500, () => {
    for (let i = 0; i < 500; i++) orderDescending(scores, 500, out);
    return Promise.resolve();
  });
  const compared = await cpuUs(500, () => {
    for (let i = 0; i < 500; i++) {
      for (let c = 0; c < 500; c++) out[c] = c;
      out.sort((a, b) => scores[b]! - scores[a]! || a - b);
    }
    return Promise.resolve();
  });
  if (round < 0) return;
  note('serve.order.radix.500.cpu_us', radix);
  note('serve.order.compared.500.cpu_us', compared);
}
