import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

  it('does not trust what a server that was started again has on disk', async () => {
    await flush();
    const store = new RedisProfileCache(connection);
    const read = async () => (await store.read('u:ann', 100)).events?.itemIds;
    const event = (key: string) => ({ key: key.repeat(16), itemId: key, type: 1, timeS: 1 });
    const { ticket } = await store.read('u:ann', 100);
    const keyed = { keys: ['a'.repeat(16)], itemIds: ['a'], types: Uint8Array.of(1), timesS: Float64Array.of(1) };
    await store.fill('u:ann', ticket!, 100, keyed);
    await connection.client.save();
    await store.apply(new Map([['u:ann', [event('b')]]]));
    expect(await read()).toEqual(['a', 'b']);
    await server.kill();
    await server.start();
    await expect
      .poll(() =>
        connection.check().then(
          () => 'back',
          () => 'away',
        ),
      )
      .toBe('back');
    expect(await connection.client.exists(connection.key('p:u:ann'))).toBe(1);
    expect(await read()).toBeUndefined();
  });
});
