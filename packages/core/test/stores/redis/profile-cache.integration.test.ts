import { afterAll, beforeAll, describe } from 'vitest';
import { MemoryProfileCache } from '@shortlist/core/stores/memory/profile-cache.ts';
import { RedisConnection } from '@shortlist/core/stores/redis/connection.ts';
import { RedisProfileCache } from '@shortlist/core/stores/redis/profile-cache.ts';
import { testProfileCache } from './profile-cache-contract.ts';
import { RedisProcess, SERVERS } from './redis-process.ts';

describe('the profile cache in memory', () => {
  testProfileCache(() => Promise.resolve({ store: new MemoryProfileCache(), flush: null }), 1_000);
});

describe.each(SERVERS)('the profile cache in $name ($hint)', ({ program }) => {
  let server: RedisProcess;
  let connection: RedisConnection;
  beforeAll(async () => {
    server = await RedisProcess.start(program);
    connection = new RedisConnection(server.url, { dataset: 'contract', commandTimeoutMs: 20_000 });
    await connection.check();
  });
  afterAll(async () => {
    connection.close();
    await server.stop();
  });
  const flush = async () => {
    await connection.client.flushall();
  };
  testProfileCache(async () => {
    await flush();
    return { store: new RedisProfileCache(connection), flush };
  }, 400);
});
