import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSnapshot } from '@shortlist/core/assignment/seal-snapshot.ts';
import { RedisConnection } from '@shortlist/core/stores/redis/connection.ts';
import { redisStores } from '@shortlist/core/stores/redis/stores.ts';
import { RedisProcess, SERVERS } from '../../../core/test/stores/redis/redis-process.ts';
import { documentOf } from '../../../experiments/test/experiment-document.ts';
import { PostgresControl } from '../faults/postgres-control.ts';
import { temporaryWorkspace, type TemporaryWorkspace } from '../workspace/temporary-workspace.ts';
import { openDatabase, type Database } from '../../src/workspace/database.ts';
import { freePort } from '../../src/workspace/free-port.ts';
import { runCommand } from '../run-command.ts';
import { startExperiments, until, type ExperimentsProcess } from './experiments-process.ts';

/** The real service, with the real PostgreSQL and Valkey taken away from it in turn. */
let workspace: TemporaryWorkspace;
let database: Database;
let postgres: PostgresControl;
let redis: RedisProcess;
let service: ExperimentsProcess;

beforeAll(async () => {
  workspace = temporaryWorkspace({ SHORTLIST_POSTGRES_PORT: String(await freePort('127.0.0.1')) });
  database = await openDatabase(workspace.environment, 'demo');
  postgres = new PostgresControl(workspace.environment, database.url);
  redis = await RedisProcess.start(SERVERS.find(({ program }) => program !== null)!.program);
  service = await startExperiments({ DATABASE_URL: database.url, REDIS_URL: redis.url });
});
afterAll(async () => {
  await service.kill();
  await redis.stop();
  await database.close();
  await workspace.remove();
});

const post = async (path: string, body: object) => {
  const response = await fetch(service.url + path, { method: 'POST', body: JSON.stringify(body) });
  return { status: response.status, body: (await response.json()) as { error?: { code: string } } };
};
const codeOf = async (path: string) => {
  const answer = (await (await fetch(service.url + path)).json()) as { error?: { code: string } };
  return answer.error?.code;
};
async function published(): Promise<readonly string[]> {
  const connection = new RedisConnection(redis.url, { dataset: 'demo' });
  try {
    await connection.check();
    const text = await redisStores(connection).assignments.read();
    return text === null
      ? []
      : openSnapshot(text).layers.flatMap(({ experiments }) => experiments.map(({ name }) => name));
  } finally {
    connection.close();
  }
}

describe('with a write token', () => {
  it('lets only who has it change anything, and everybody read', async () => {
    const token = 'only-for-the-search-team';
    const variables = { DATABASE_URL: database.url, REDIS_URL: redis.url };
    const guarded = await startExperiments({ ...variables, SHORTLIST_EXPERIMENTS_WRITE_TOKEN: token });
    try {
      const put = (headers: Record<string, string>) =>
        fetch(`${guarded.url}/documents`, { method: 'POST', body: JSON.stringify(documentOf('guarded')), headers });
      const refused = await put({ authorization: 'Bearer of-somebody-else-altogether' });
      expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      expect(await refused.json()).toMatchObject({ error: { code: 'write_unauthorized' } });
      expect((await put({})).status).toBe(401);
      expect((await fetch(`${guarded.url}/experiments/guarded`)).status).toBe(404);
      expect((await put({ authorization: `Bearer ${token}` })).status).toBe(200);
      expect((await fetch(`${guarded.url}/experiments/guarded`)).status).toBe(200);
      expect(guarded.log()).not.toContain(token);
      expect(guarded.log()).not.toContain('no SHORTLIST_EXPERIMENTS_WRITE_TOKEN');
      expect(service.log()).toContain('no SHORTLIST_EXPERIMENTS_WRITE_TOKEN');

      // The command line sends it, too.
      const move = (verb: 'start' | 'stop', more: Record<string, string>) =>
        runCommand(['experiment', verb, 'guarded', '--reason', 'a test'], {
          ...workspace.variables,
          SHORTLIST_EXPERIMENTS_URL: guarded.url,
          ...more,
        });
      expect(await move('start', {})).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('write_unauthorized') as string,
      });
      for (const verb of ['start', 'stop'] as const)
        expect(await move(verb, { SHORTLIST_EXPERIMENTS_WRITE_TOKEN: token })).toMatchObject({ code: 0 });
    } finally {
      await guarded.kill();
    }
  });
});

describe('the experiments service', () => {
  it('goes on without Redis, and tells it everything when it is back', async () => {
    await redis.kill();
    expect((await post('/documents', documentOf('a'))).status).toBe(200);
    expect((await post('/experiments/a/start', { reason: 'go on' })).status).toBe(200);
    await redis.start();
    expect(await until(published, (names) => names.length > 0)).toEqual(['a']);
  });

  it('says that PostgreSQL is gone, lives on, and leads again when it is back', async () => {
    await postgres.end('SIGKILL');
    expect(
      await until(
        () => codeOf('/experiments'),
        (code) => code !== undefined,
      ),
    ).toBe('database_unreachable');
    expect((await post('/experiments/a/stop', { reason: 'enough' })).body.error?.code).toBe('database_unreachable');
    expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
    const status = (await (await fetch(`${service.url}/status`)).json()) as {
      problem?: string;
      published_version: number;
    };
    expect(status.problem).toContain('No PostgreSQL');
    expect(status.published_version).toBeGreaterThan(1);
    // What pods have stays.
    expect(await published()).toEqual(['a']);
    await postgres.start();
    const stopped = await until(
      () => post('/experiments/a/stop', { reason: 'enough' }),
      ({ status }) => status === 200,
    );
    expect(stopped.status).toBe(200);
    await until(published, (names) => names.length === 0);
    const leading = async () => ((await (await fetch(`${service.url}/status`)).json()) as { leading: boolean }).leading;
    expect(await until(leading, (isLeading) => isLeading)).toBe(true);
  });

  it('ends in order also while PostgreSQL is away', async () => {
    await postgres.end('SIGKILL');
    expect(await service.kill()).toBe(0);
    await postgres.start();
  });
});
