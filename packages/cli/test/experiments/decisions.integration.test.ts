import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSnapshot } from '@shortlist/core/assignment/seal-snapshot.ts';
import { RedisConnection } from '@shortlist/core/stores/redis/connection.ts';
import { redisStores } from '@shortlist/core/stores/redis/stores.ts';
import { RedisProcess, SERVERS } from '../../../core/test/stores/redis/redis-process.ts';
import { documentOf } from '../../../experiments/test/experiment-document.ts';
import { runCommand } from '../run-command.ts';
import { openDatabase, type Database } from '../../src/workspace/database.ts';
import { temporaryWorkspace } from '../workspace/temporary-workspace.ts';
import { startExperiments, until, type ExperimentsProcess } from './experiments-process.ts';

/** Real service, PostgreSQL and Valkey; exposures and slates written as ingest would; everything asked by the command line. */
const workspace = temporaryWorkspace();
const UNITS = 1_500;
const told: { path: string; body: Record<string, unknown> }[] = [];
let database: Database;
let redis: RedisProcess;
let connection: RedisConnection;
let service: ExperimentsProcess;
let receiver: Server;

beforeAll(async () => {
  database = await openDatabase(workspace.environment, 'demo');
  redis = await RedisProcess.start(SERVERS.find(({ program }) => program !== null)!.program);
  connection = new RedisConnection(redis.url, { dataset: 'demo' });
  receiver = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      // The first one of all is refused: it has to come again.
      response.writeHead(told.length === 0 ? 503 : 200).end();
      told.push({ path: request.url!, body: JSON.parse(text) as Record<string, unknown> });
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const sink = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  service = await startExperiments({
    ...{ DATABASE_URL: database.url, REDIS_URL: redis.url, SHORTLIST_EXPERIMENTS_COMMIT: 'abc123' },
    ...{ SHORTLIST_EXPERIMENTS_WEBHOOK_URL: `${sink}/hook`, SHORTLIST_EXPERIMENTS_PAGERDUTY_ROUTING_KEY: 'key' },
    SHORTLIST_EXPERIMENTS_PAGERDUTY_URL: `${sink}/pagerduty`,
  });
});
afterAll(async () => {
  await service.kill();
  receiver.closeAllConnections();
  receiver.close();
  connection.close();
  await redis.stop();
  await database.close();
  await workspace.remove();
});

const shortlist = (...args: string[]) =>
  runCommand(['experiment', ...args], { ...workspace.variables, SHORTLIST_EXPERIMENTS_URL: service.url });
const stateOf = async (name: string) =>
  ((await (await fetch(`${service.url}/experiments/${name}`)).json()) as { status: { state: string } }).status.state;

/** So many units in either arm, one slate each: what a treatment shows, and how often it fails. */
let batch = 0;
async function expose(experiment: string, treatment: { items: number; failedEvery: number }): Promise<void> {
  batch += 1;
  const unit = `'u:${experiment}-' || i AS unit, CASE i % 2 WHEN 0 THEN 'control' ELSE 'diverse' END AS variant, i`;
  const units = `(SELECT ${unit} FROM generate_series(0, ${2 * UNITS - 1}) i) units`;
  await database.pool
    .query(`INSERT INTO exposures (exposed_at, writer, batch, version, phase, experiment, unit, assigned, served,
      release, request_id)
    SELECT now(), 1, ${batch}, 1, 0, '${experiment}', unit, variant, variant, 'r', unit FROM ${units}`);
  await database.pool
    .query(`INSERT INTO slate_experiments (occurred_at, writer, batch, version, phase, latency_ms, sampled, items,
      failed, degraded, experiment, unit, assigned, served, tier, request_id)
    SELECT now(), 1, ${batch}, 1, 0, 5, 1,
      (CASE variant WHEN 'control' THEN 10 ELSE ${treatment.items} END) + i / 2 % 3,
      i / 2 % (CASE variant WHEN 'control' THEN 20 ELSE ${treatment.failedEvery} END) = 0,
      false, '${experiment}', unit, variant, variant, 'personalized', '${experiment}' || i FROM ${units}`);
}

const quick = (changes: object) => ({
  metrics: { success: ['items-per-slate'], guardrails: [{ metric: 'error-rate', margin: 0.5 }] },
  analysis: { daysMin: 0, unitsMin: 1_000, preperiodDays: 0 },
  allocation: 0.3,
  ...changes,
});
const apply = async (name: string, changes: object) => {
  const file = join(workspace.environment.home, `${name}.yaml`);
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(documentOf(name, quick(changes))));
  const { code, stderr } = await shortlist('apply', '-f', file);
  expect([code, stderr]).toEqual([0, '']);
  expect((await shortlist('start', name)).stdout).toBe(`${name}: running, version 1\n`);
};
const snapshot = async () => openSnapshot((await redisStores(connection).assignments.read())!);

describe('the service decides by what it sees', () => {
  it('a treatment that fails too often is rolled back; pods, people and machines are told', async () => {
    await apply('harmful', {});
    await until(snapshot, ({ layers }) => layers[0]!.experiments.some(({ name }) => name === 'harmful'));
    await expose('harmful', { items: 12, failedEvery: 3 });
    const seenMs = performance.now();
    await until(
      () => stateOf('harmful'),
      (state) => state === 'rolled_back',
    );
    await until(snapshot, ({ layers }) => layers[0]!.experiments.length === 0);
    // A promise of the platform; far less on this machine.
    expect(performance.now() - seenMs).toBeLessThan(10_000 + 15_000);

    await until(
      () => Promise.resolve(told.length),
      (count) => count >= 3,
      20_000,
    );
    const of = (path: string) => told.filter((one) => one.path === path).map(({ body }) => body);
    expect(of('/pagerduty')[0]).toMatchObject({ event_action: 'trigger', payload: { component: 'harmful' } });
    expect(of('/hook')[0]).toMatchObject({
      decision: { experiment: 'harmful', action: 'roll_back', actor: 'service' },
    });

    const { stdout } = await shortlist('results', 'harmful');
    expect(stdout).toContain('harmful, version 1: rolled_back');
    expect(stdout).toMatch(/! error-rate +diverse .*HARM/);
    expect(stdout).toMatch(/control +50\.0 % +1,500/);
    const json = JSON.parse((await shortlist('results', 'harmful', '--json')).stdout) as {
      evidence: { metrics: { control: { mean: number } }[] };
    };
    expect(json.evidence.metrics[1]!.control.mean).toBe(0.05);
    const timeline = (await shortlist('timeline', 'harmful')).stdout;
    expect(timeline).toMatch(/service +roll_back +running -> rolled_back: error-rate of diverse changed by \+/);

    const { decisions } = (await (await fetch(`${service.url}/experiments/harmful/decisions`)).json()) as {
      decisions: object[];
    };
    expect(decisions).toMatchObject([
      {
        action: 'roll_back',
        version: 1,
        codeVersion: '0.1.0 abc123',
        evidence: { arms: [{ units: UNITS }, { units: UNITS }] },
      },
    ]);
  });

  it('one that is better and harms nothing is promoted; a dry run only says so', async () => {
    const diversity = (top: number) => ({
      variants: [
        { name: 'control', weight: 0.5 },
        { name: 'diverse', weight: 0.5, parameters: { diversity: { top } } },
      ],
    });
    await apply('better', diversity(50));
    await apply('dry', { ...diversity(60), decisions: 'dry_run' });
    await expose('better', { items: 12, failedEvery: 30 });
    await expose('dry', { items: 12, failedEvery: 30 });
    await until(
      () => stateOf('better'),
      (state) => state === 'promoted',
    );
    const after = await until(snapshot, ({ promoted }) => promoted.length > 0);
    expect(after.promoted).toMatchObject([
      { experiment: 'better', variant: 'diverse', parameters: { diversity: { top: 50 } } },
    ]);
    const dry = async () =>
      (
        (await (await fetch(`${service.url}/experiments/dry/decisions`)).json()) as {
          decisions: { action: string; dryRun: boolean }[];
        }
      ).decisions;
    await until(dry, (all) => all.length > 0);
    expect(await dry()).toMatchObject([{ action: 'promote', dryRun: true }]);
    expect(await stateOf('dry')).toBe('running');
    const listed = (await shortlist('list')).stdout;
    expect(listed).toMatch(/better +promoted/);
    expect(listed).toMatch(/dry +running/);
    const overridden = await shortlist('override', 'better', '--action', 'roll_back', '--reason', 'the board says no');
    expect(overridden.stdout).toBe('better: rolled_back, version 1\n');
    await until(snapshot, ({ promoted }) => promoted.length === 0);
    expect((await shortlist('stop', 'dry', '--reason', 'enough')).code).toBe(0);
  });
});

describe('the command line', () => {
  it('says what is wrong with a file, and ends with 2', async () => {
    const file = join(workspace.environment.home, 'wrong.yaml');
    writeFileSync(file, JSON.stringify(documentOf('wrong', { layer: 'cellar' })));
    const validated = await shortlist('apply', '--dry-run', '-f', file);
    expect([validated.code, validated.stdout]).toEqual([
      2,
      expect.stringContaining('error layer_unknown at spec.layer: there is no layer cellar'),
    ]);
    const applied = await shortlist('apply', '-f', file);
    expect([applied.code, applied.stderr]).toEqual([
      2,
      expect.stringContaining('layer_unknown: Experiment wrong: spec.layer'),
    ]);
    expect((await shortlist('apply', '-f', '/nowhere.yaml')).code).toBe(2);
  });

  it('says when the service does not answer, and what to do', async () => {
    const { code, stderr } = await runCommand(['experiment', 'list'], {
      ...workspace.variables,
      SHORTLIST_EXPERIMENTS_URL: 'http://127.0.0.1:1',
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^error experiments_unreachable: The experiments service at http:\/\/127\.0\.0\.1:1 does not answer: .*shortlist up/,
    );
  });

  it('prints a document that can be applied again', async () => {
    const { stdout } = await shortlist('show', 'harmful');
    const file = join(workspace.environment.home, 'shown.yaml');
    writeFileSync(file, stdout);
    expect((await shortlist('apply', '-f', file)).stdout).toBe('Experiment harmful: unchanged, version 1\n');
  });
});
