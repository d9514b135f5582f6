/**
 * What recording costs a pod, and what the ingest service takes of it (fsync on), load generator on the same machine:
 *
 *   node packages/cli/bench/records.bench.ts [--seconds 8] [--repeats 5] [--json FILE]
 *
 * `records.stage.*`: CPU of the record stage per request, text included, for a slate of 20 items in no experiment, in 5,
 * and in 5 that its unit has not met before. `records.spool`: CPU of a pod per record on its way through spool and
 * network. `records.post.*`: records acknowledged in requests of 500 on 4 connections: slates of 20 items in one
 * experiment, exposures, and both as a pod sends them. Afterwards what was acknowledged is counted in the database; the
 * run fails when anything differs.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Enrolment } from '@shortlist/core/assignment/enrolment.ts';
import type { ServingRecord } from '@shortlist/core/contracts/serving-records.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { createRecorder, STAGES, type RecordSink } from '@shortlist/serving/pipeline.ts';
import type { RankingRequest } from '@shortlist/serving/ranking-request.ts';
import { RecordClient } from '@shortlist/serving/records/record-client.ts';
import { RecordOutbox } from '@shortlist/serving/records/record-outbox.ts';
import { RecordSpool } from '@shortlist/serving/records/spool.ts';
import { option } from '../../core/bench/option.ts';
import { report, summarised } from '../../core/bench/report.ts';
import { createCluster, openDatabase } from '../src/workspace/database.ts';
import { startIngest } from '../test/ingest/ingest-process.ts';
import { temporaryWorkspace } from '../test/workspace/temporary-workspace.ts';
import { cpuOf } from '../../service/bench/process-cpu.ts';

const SECONDS = Number(option('seconds', '8'));
const REPEATS = Number(option('repeats', '5'));
const ITEMS = 20;
const REQUESTS = 2_000;
const PER_REQUEST = 500;
const CONNECTIONS = 4;
const LIMITS = { recordsQueueMax: 100_000, recordsFlushMs: 100, exposureMemoryMax: 100_000 };

const itemIds = Array.from({ length: 10_000 }, (_, i) => `item-${i}`);
const enrolmentsOf = (user: string, count: number): Enrolment[] =>
  Array.from({ length: count }, (_, e) => ({
    ...{ experiment: `experiment-${e}`, version: 1, unit: `u:${user}`, assigned: 'treatment', served: 'treatment' },
    ...{ reason: null, phase: 0, differs: null },
  }));

/** As much of a request as the record stage reads. */
function answered(id: number, user: string, experiments: number): RankingRequest {
  return {
    id: `request-${id}`,
    body: { user_id: user, num_items: ITEMS, context: { surface: 'home', device: 'mobile' } },
    nowS: 1_700_000_000 + id / 1000,
    startedMs: performance.now(),
    tier: 'personalized',
    degraded: [],
    teams: [],
    workspace: { release: { id: 'release-2026-11-21', catalog: { itemIds } } },
    enrolments: enrolmentsOf(user, experiments),
    slate: {
      count: ITEMS,
      rows: Int32Array.from({ length: ITEMS }, (_, i) => (id * 31 + i * 97) % itemIds.length),
      propensities: new Float32Array(ITEMS).fill(1),
      sources: Array.from({ length: ITEMS }, (_, i) => ['user_tower', 'co_visitation', 'trending'][i % 3]!),
    },
  } as unknown as RankingRequest;
}

const stage = STAGES.find(({ name }) => name === 'record')!;
const cpuUs = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

function stageCost(sink: RecordSink, experiments: number, users: (i: number) => string): number {
  const recorder = createRecorder(sink, LIMITS);
  const services = { recorder } as unknown as Parameters<typeof stage.run>[1];
  for (let i = 0; i < 100; i++) void stage.run([answered(i, `user-${i}`, experiments)], services);
  recorder.queue.flush();
  const requests = Array.from({ length: REQUESTS }, (_, i) => answered(i, users(i), experiments));
  const before = cpuUs();
  for (const request of requests) void stage.run([request], services);
  recorder.queue.flush();
  return (cpuUs() - before) / REQUESTS;
}

/** CPU per record from the queue to a service that takes everything at once; its own share included. */
async function spoolCost(): Promise<number> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(202).end('{"rejected":0}'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const folder = await mkdtemp(join(tmpdir(), 'records-bench-'));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const outbox = new RecordOutbox({
    client: new RecordClient(url, 5_000),
    spool: await RecordSpool.open(folder, 1 << 30),
    memoryBytesMax: 1 << 26,
    onFailure: (what, reason) => console.error(what, reason),
  });
  // As 1,000 requests a second of one pod: 20 records every 20 ms.
  const line = JSON.stringify(slate(0, 'spool'));
  const bytes = Buffer.from(`${line}\n`.repeat(20));
  const started = cpuUs();
  for (let i = 0; i < 100; i++) {
    outbox.put({ bytes, records: 20 });
    await sleep(20);
  }
  await outbox.close(5_000);
  const used = cpuUs() - started;
  server.close();
  await rm(folder, { recursive: true });
  return used / 2_000;
}

const started = Date.now() / 1000;
function slate(i: number, run: string): ServingRecord {
  const user = `user-${i % 50_000}`;
  return {
    kind: 'slate',
    ...{ request_id: `${run}-request-${i}`, user_id: user, session_id: null, timestamp: started + i / 1e5 },
    ...{ surface: 'home', device: 'mobile', category: null, release: 'release-2026-11-21', tier: 'personalized' },
    ...{ degraded: [], latency_ms: 4.125, error: null, sampled: 1, teams: [] },
    items: Array.from({ length: ITEMS }, (_, k) => itemIds[(i * 31 + k * 97) % itemIds.length]!),
    propensities: Array.from({ length: ITEMS }, () => 1),
    sources: Array.from({ length: ITEMS }, (_, k) => ['user_tower', 'co_visitation', 'trending'][k % 3]!),
    experiments: enrolmentsOf(user, 1).map(({ reason: _, ...seen }) => seen),
  };
}

function exposure(i: number, run: string): ServingRecord {
  const [enrolment] = enrolmentsOf(`${run}-user-${i}`, 1);
  const { differs: _, ...met } = enrolment!;
  return {
    ...{ kind: 'exposure', ...met, release: 'release-2026-11-21', timestamp: started + i / 1e5 },
    request_id: `${run}-request-${i}`,
  };
}

const KINDS: Readonly<Record<string, (i: number, run: string) => ServingRecord>> = {
  slates: slate,
  exposures: exposure,
  both: (i, run) => (i % 2 === 0 ? slate : exposure)(i, run),
};

const workspace = temporaryWorkspace();
const database = await openDatabase(workspace.environment, 'bench', { connectionsMax: 4 });
const ingest = await startIngest({
  ...{ SHORTLIST_DATASET: 'bench', SHORTLIST_INGEST_ROLES: 'api', DATABASE_URL: database.url },
});

/** Sends for so long; bodies are made before the clock starts, as many as a fast machine needs. */
async function load(kind: string, run: string) {
  const make = KINDS[kind]!;
  let made = 0;
  const body = () => {
    let lines = '';
    for (let k = 0; k < PER_REQUEST; k++) lines += `${JSON.stringify(make(made++, run))}\n`;
    return lines;
  };
  const bodies = Array.from({ length: Math.ceil((SECONDS * 30_000) / PER_REQUEST) }, body);
  const postgres = createCluster(workspace.environment).status().pid!;
  const before = { service: cpuOf(ingest.child.pid!), postgres: cpuOf(postgres) };
  const startedMs = performance.now();
  let accepted = 0;
  let failed = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (performance.now() - startedMs < SECONDS * 1000 && bodies.length > 0) {
        const headers = { 'content-type': 'application/x-ndjson' };
        const response = await fetch(`${ingest.url}/records`, { method: 'POST', headers, body: bodies.pop()! });
        const answer = (await response.json()) as { accepted?: number };
        if (response.status === 202) accepted += answer.accepted!;
        else failed += 1;
      }
    }),
  );
  const seconds = (performance.now() - startedMs) / 1000;
  const cpu = {
    service: ((cpuOf(ingest.child.pid!) - before.service) * 1e6) / accepted,
    postgres: ((cpuOf(postgres) - before.postgres) * 1e6) / accepted,
  };
  console.error(`${run}: ${accepted} in ${seconds.toFixed(1)} s, ${bodies.length} bodies left`);
  return { accepted, failed, perS: accepted / seconds, cpu };
}

const results = [];
const nowhere = { put: () => true, status: () => ({}) } as unknown as RecordSink;
try {
  const costs = new Map<string, number[]>();
  const note = (name: string, us: number) => costs.set(name, [...(costs.get(name) ?? []), us]);
  for (let repeat = 0; repeat <= REPEATS; repeat++) {
    const alone = stageCost(nowhere, 0, (i) => `user-${i}`);
    const known = stageCost(nowhere, 5, (i) => `user-${i % 100}`);
    const fresh = stageCost(nowhere, 5, (i) => `user-${repeat}-${i}`);
    // The first round warms up.
    if (repeat === 0) continue;
    note('records.stage.no_experiment', alone);
    note('records.stage.in_5', known);
    note('records.stage.in_5_first_met', fresh);
    note('records.spool', await spoolCost());
  }
  for (const [name, values] of costs) results.push(summarised(name, 'us', values));

  let acknowledged = 0;
  let failed = 0;
  for (const kind of Object.keys(KINDS)) {
    const runs = [];
    for (let repeat = 0; repeat < REPEATS; repeat++) runs.push(await load(kind, `${kind}-${repeat}`));
    acknowledged += runs.reduce((sum, { accepted }) => sum + accepted, 0);
    failed += runs.reduce((sum, run) => sum + run.failed, 0);
    results.push(
      summarised(
        `records.post.${kind}`,
        'records/s',
        runs.map(({ perS }) => perS),
      ),
    );
    results.push(
      summarised(
        `records.post.${kind}.cpu.service`,
        'us',
        runs.map(({ cpu }) => cpu.service),
      ),
    );
    results.push(
      summarised(
        `records.post.${kind}.cpu.postgres`,
        'us',
        runs.map(({ cpu }) => cpu.postgres),
      ),
    );
  }
  const stores = postgresStores(database.pool);
  const stored = (await stores.impressions.count()) + (await stores.exposures.count());
  const { rows } = await database.pool.query<{ name: string; bytes: number }>(
    `SELECT name, pg_total_relation_size(name::regclass)::float8 / greatest(1, (CASE name
       WHEN 'impressions' THEN (SELECT count(*) FROM impressions) WHEN 'exposures' THEN (SELECT count(*) FROM exposures)
       ELSE (SELECT count(*) FROM slate_experiments) END)) AS bytes
     FROM unnest(ARRAY['impressions', 'slate_experiments', 'exposures']) AS name`,
  );
  for (const { name, bytes } of rows) results.push(summarised(`records.disk.${name}`, 'bytes/row', [bytes]));
  results.push(summarised('records.acknowledged_not_stored', 'records', [acknowledged - stored]));
  results.push(summarised('records.failed', 'requests', [failed]));
  report(results);
  if (failed > 0 || acknowledged !== stored) process.exitCode = 1;
} finally {
  await ingest.kill('SIGKILL');
  await database.close();
  await workspace.remove();
}
