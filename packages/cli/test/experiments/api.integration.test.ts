import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSnapshot } from '@shortlist/core/assignment/seal-snapshot.ts';
import { RedisConnection } from '@shortlist/core/stores/redis/connection.ts';
import { redisStores } from '@shortlist/core/stores/redis/stores.ts';
import { BAD_DOCUMENTS, badDocument } from '../../../experiments/test/documents/bad-documents.ts';
import { documentOf } from '../../../experiments/test/experiment-document.ts';
import { RedisProcess, SERVERS } from '../../../core/test/stores/redis/redis-process.ts';
import { openDatabase, type Database } from '../../src/workspace/database.ts';
import { temporaryWorkspace } from '../workspace/temporary-workspace.ts';
import { startExperiments, until, type ExperimentsProcess } from './experiments-process.ts';

/** The real service on the real PostgreSQL and Valkey; both of its HTTP servers. */
const workspace = temporaryWorkspace();
let database: Database;
let redis: RedisProcess;
let connection: RedisConnection;
const services: Record<'uws' | 'node', ExperimentsProcess> = {} as never;

beforeAll(async () => {
  database = await openDatabase(workspace.environment, 'demo');
  redis = await RedisProcess.start(SERVERS.find(({ program }) => program !== null)!.program);
  connection = new RedisConnection(redis.url, { dataset: 'demo' });
  const variables = { DATABASE_URL: database.url, REDIS_URL: redis.url };
  // Two instances: one leads, and both change things.
  for (const server of ['uws', 'node'] as const) {
    services[server] = await startExperiments({ ...variables, SHORTLIST_HTTP_SERVER: server });
  }
});
afterAll(async () => {
  await Promise.all(Object.values(services).map((service) => service.kill()));
  connection.close();
  await redis.stop();
  await database.close();
  await workspace.remove();
});

interface Answer<T = Record<string, never>> {
  readonly status: number;
  readonly etag: string | null;
  readonly body: T;
}
interface Failure {
  readonly error: { readonly code: string; readonly message: string; readonly details: Record<string, unknown> };
}

async function send<T>(
  method: string,
  path: string,
  {
    body,
    headers = {},
    server = 'uws',
  }: { body?: unknown; headers?: Record<string, string>; server?: 'uws' | 'node' } = {},
): Promise<Answer<T>> {
  const response = await fetch(services[server].url + path, {
    method,
    headers: { 'x-shortlist-actor': 'ann', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, etag: response.headers.get('etag'), body: (await response.json()) as T };
}
const apply = (document: object, server?: 'uws' | 'node') =>
  send<Failure & { results: { outcome: string }[] }>('POST', '/documents', {
    body: document,
    ...(server ? { server } : {}),
  });
const variants = (parameters: object) => [
  { name: 'control', weight: 0.9 },
  { name: 'b', weight: 0.1, parameters },
];
const start = (name: string) =>
  send<Failure & { status: { state: string } }>('POST', `/experiments/${name}/start`, { body: { reason: 'go on' } });
const stop = (name: string) => send('POST', `/experiments/${name}/stop`, { body: { reason: 'enough' } });
const published = async () => openSnapshot((await redisStores(connection).assignments.read())!);

describe.each(['uws', 'node'] as const)('bad documents over HTTP (%s)', (server) => {
  it.each(BAD_DOCUMENTS.map((bad) => [bad.what, bad] as const))(
    '%s: refused with code, path and reason',
    async (_, bad) => {
      const { status, body } = await apply(badDocument(bad), server);
      expect([400, 409, 422]).toContain(status);
      expect(body.error).toMatchObject({
        code: bad.code,
        details: { field: bad.field, reason: expect.stringContaining(bad.reason) as string },
      });
      expect(body.error.message).toContain(bad.field);
    },
  );

  it('broken YAML, a foreign kind, nothing at all', async () => {
    const codes = async (body: string) => (await send<Failure>('POST', '/documents', { body, server })).body.error.code;
    expect(await codes('a: [1\nb: 2')).toBe('document_malformed');
    expect(await codes('kind: Deployment')).toBe('field_invalid');
    expect(await codes('')).toBe('document_malformed');
    expect(await codes('x'.repeat(2 * 1024 * 1024))).toBe('body_too_large');
  });

  it('leave nothing behind', async () => {
    expect((await send<{ items: object[] }>('GET', '/experiments', { server })).body.items).toEqual([]);
  });
});

describe('the life of an experiment', () => {
  it('is created, read, changed under its ETag, started, ramped and stopped', async () => {
    const document = documentOf('life', {
      allocation: 0.2,
      variants: variants({ diversity: { lambda: 0.5 } }),
      ramp: [{ at: '2020-01-01', share: 0.1 }],
    });
    const created = await send<{ status: { state: string } }>('PUT', '/experiments/life', {
      body: document,
      headers: { 'if-match': '"0"' },
    });
    expect([created.status, created.etag, created.body.status.state]).toEqual([200, '"1"', 'draft']);
    const again = await send<Failure>('PUT', '/experiments/life', {
      body: { ...document, spec: { ...(document as { spec: object }).spec, owner: 'bob' } },
      headers: { 'if-match': '"0"' },
    });
    expect([again.status, again.body.error.code]).toEqual([409, 'version_conflict']);
    // What is read can be written back, on the other instance.
    const read = await send<object>('GET', '/experiments/life');
    const same = await send<{ results: { outcome: string }[] }>('POST', '/documents', {
      body: read.body,
      server: 'node',
    });
    expect(same.body.results[0]!.outcome).toBe('unchanged');

    expect((await start('life')).body.status.state).toBe('running');
    const found = await until(published, ({ layers }) => layers.some(({ experiments }) => experiments.length > 0));
    expect(found.layers[0]!.experiments[0]).toMatchObject({
      name: 'life',
      allocation: [{ from: 0, to: 200_000 }],
      ramp: [{ exposed: 100_000 }],
    });

    expect((await send('POST', '/experiments/life/ramp', { body: { share: 0.5 }, server: 'node' })).status).toBe(200);
    const down = await send<Failure>('POST', '/experiments/life/ramp', { body: { share: 0.2 } });
    expect(down.body.error.code).toBe('ramp_invalid');
    await until(published, ({ layers }) => layers[0]!.experiments[0]?.ramp.at(-1)?.exposed === 500_000);

    expect((await stop('life')).status).toBe(200);
    await until(published, ({ layers }) => layers[0]!.experiments.length === 0);
    const timeline = await send<{ entries: { action: string; actor: string }[] }>('GET', '/experiments/life/timeline');
    expect(timeline.body.entries.map(({ actor, action }) => `${actor} ${action}`)).toEqual([
      'ann created',
      'ann start',
      'ann updated',
      'ann stop',
    ]);
    const decisions = await send<{ decisions: { action: string; reason: string; codeVersion: string }[] }>(
      'GET',
      '/experiments/life/decisions',
    );
    expect(decisions.body.decisions).toMatchObject([
      { action: 'stop', reason: 'enough', codeVersion: '0.1.0 unknown' },
    ]);
    expect((await send<{ versions: object[] }>('GET', '/experiments/life/versions')).body.versions).toHaveLength(2);
    const audit = await send<{ entries: { name: string; before: unknown }[] }>('GET', '/audit');
    expect(audit.body.entries.map(({ name, before }) => [name, before === null])).toEqual([
      ['life', true],
      ['life', false],
    ]);
    expect((await start('life')).body.error.code).toBe('transition_refused');
  });

  it('refuses what two experiments cannot both have', async () => {
    await apply({ apiVersion: 'shortlist.dev/v1alpha1', kind: 'Layer', metadata: { name: 'search' }, spec: {} });
    await apply(documentOf('one', { allocation: 0.7 }));
    await start('one');
    await apply(documentOf('two', { allocation: 0.4, variants: variants({ diversity: { top: 50 } }) }));
    expect((await start('two')).body.error).toMatchObject({
      code: 'layer_over_allocated',
      details: { field: 'spec.allocation', reason: expect.stringContaining('0.3 is free') as string },
    });
    await apply(documentOf('three', { layer: 'search' }));
    expect((await start('three')).body.error).toMatchObject({
      code: 'experiment_parameter_conflict',
      details: { parameter: 'diversity.lambda', other: 'one' },
    });
    const salted = await apply(documentOf('one', { allocation: 0.7, salt: 'new' }));
    expect([salted.status, salted.body.error.code]).toEqual([409, 'salt_changed']);
    await stop('one');
  });

  it('validates without changing anything', async () => {
    const wrong = documentOf('wrong', { metrics: { success: ['happiness'] }, layer: 'cellar' });
    const { body } = await send<{ valid: boolean; documents: { problems: { code: string }[] }[] }>(
      'POST',
      '/documents/validate',
      { body: wrong },
    );
    expect(body.valid).toBe(false);
    expect(body.documents[0]!.problems.map(({ code }) => code)).toEqual(['layer_unknown', 'metric_unknown']);
    expect((await send('GET', '/experiments/wrong')).status).toBe(404);
  });

  it('says what the numbers are before there is anybody', async () => {
    await apply(documentOf('empty', { variants: variants({ diversity: { top: 20 } }) }));
    const never = await send<Failure>('GET', '/experiments/empty/results');
    expect([never.status, never.body.error.code]).toEqual([409, 'results_unavailable']);
    await start('empty');
    const { body } = await send<{
      state: string;
      evidence: { dataUntilS: null; arms: { units: number }[] };
      progress: { units: number };
    }>('GET', '/experiments/empty/results');
    expect(body).toMatchObject({
      state: 'running',
      evidence: { dataUntilS: null, arms: [{ units: 0 }, { units: 0 }] },
      progress: { units: 0, fraction: null },
    });
    await stop('empty');
  });
});

describe('when something is gone', () => {
  it('an emptied Redis gets the snapshot back', async () => {
    const { version } = await published();
    await connection.client.flushall();
    expect(
      (await until(
        async () => (await redisStores(connection).assignments.read()) ?? null,
        (text) => text !== null,
      )) !== null,
    ).toBe(true);
    expect((await published()).version).toBe(version);
  });

  it('another instance takes the lead when the first one dies', async () => {
    const leading = async (server: 'uws' | 'node') =>
      (await send<{ leading: boolean }>('GET', '/status', { server })).body.leading;
    const first = (await leading('uws')) ? 'uws' : 'node';
    const second = first === 'uws' ? 'node' : 'uws';
    expect(await leading(second)).toBe(false);
    await services[first].kill('SIGKILL');
    await until(
      () => leading(second),
      (isLeading) => isLeading,
    );
    await connection.client.flushall();
    await until(
      async () => (await redisStores(connection).assignments.read()) ?? null,
      (text) => text !== null,
    );
    services[first] = await startExperiments({
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      SHORTLIST_HTTP_SERVER: first,
    });
    // Gracefully, too.
    expect(await services[first].kill()).toBe(0);
    services[first] = await startExperiments({
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      SHORTLIST_HTTP_SERVER: first,
    });
  });

  it('a start without PostgreSQL ends with a coded error', async () => {
    const nowhere = startExperiments({ DATABASE_URL: 'postgres://127.0.0.1:1/none' });
    await expect(nowhere).rejects.toThrow('database_unreachable');
  });
});

describe('operation', () => {
  it('has health, status, metrics and a reference', async () => {
    const { body } = await send<{ snapshot: { version: number }; experiments: object }>('GET', '/status');
    expect(body.snapshot.version).toBeGreaterThan(0);
    const metrics = await (await fetch(`${services.uws.url}/metrics`)).text();
    expect(metrics).toMatch(/shortlist_experiments_snapshot_version \d/);
    const openapi = await send<{ paths: object }>('GET', '/openapi.json');
    expect(Object.keys(openapi.body.paths)).toEqual(
      expect.arrayContaining(['/documents', '/experiments/{name}/results', '/snapshot', '/audit']),
    );
    expect((await send<{ version: number }>('GET', '/snapshot')).body.version).toBe((await published()).version);
  });
});
