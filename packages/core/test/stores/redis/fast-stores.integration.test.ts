import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryFastStores } from '@shortlist/core/stores/memory/fast-stores.ts';
import { MemoryLiveStream } from '@shortlist/core/stores/memory/live-stream.ts';
import { RedisConnection } from '@shortlist/core/stores/redis/connection.ts';
import { RedisLiveStream } from '@shortlist/core/stores/redis/live-stream.ts';
import { redisStores } from '@shortlist/core/stores/redis/stores.ts';
import { testFastStores } from './fast-stores-contract.ts';
import { RedisProcess, SERVERS } from './redis-process.ts';

describe('the fast stores in memory', () => {
  testFastStores(() =>
    Promise.resolve({ stores: memoryFastStores(), shortStream: new MemoryLiveStream({ entriesMax: 100 }) }),
  );
});

describe.each(SERVERS)('the fast stores in $name ($hint)', ({ program }) => {
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
  testFastStores(async () => {
    await connection.client.flushall();
    return { stores: redisStores(connection), shortStream: new RedisLiveStream(connection, { entriesMax: 100 }) };
  });

  it('tells a tail that a flush took its stream, also when nothing comes after', async () => {
    const { live } = redisStores(connection);
    await live.publish([{ kind: 'covisitation', madeS: 1, items: [] }]);
    for (const after of ['nothing', 'an entry'] as const) {
      const tail = live.tail(await live.lastId(), new AbortController().signal);
      await tail.next();
      await connection.client.flushall();
      if (after === 'an entry') await live.publish([{ kind: 'covisitation', madeS: 2, items: [] }]);
      expect((await tail.next()).value).toEqual({ missed: true });
      await live.publish([{ kind: 'covisitation', madeS: 3, items: [] }]);
    }
  });

  it('keeps datasets apart', async () => {
    const other = new RedisConnection(server.url, { dataset: 'other' });
    await other.check();
    await redisStores(connection).slates.write(new Map([['ann', '[1]']]), 60);
    expect(await redisStores(other).slates.read('ann')).toBeNull();
    other.close();
  });
});

describe.each(SERVERS)('when $name goes away ($hint)', ({ program }) => {
  it('fails commands at once with a code, tells listeners, and finds its way back by itself', async () => {
    const server = await RedisProcess.start(program);
    const connection = new RedisConnection(server.url, { dataset: 'away', commandTimeoutMs: 200, silenceMs: 500 });
    await connection.check();
    const { answers, invalidations, live } = redisStores(connection);
    const heard: string[] = [];
    const subscription = invalidations.subscribe({
      onUnits: (units) => heard.push(...units),
      onAll: () => heard.push('all'),
      onLost: () => heard.push('lost'),
    });
    await expect.poll(() => heard).toEqual(['all']);
    const tail = live.tail('0-0', new AbortController().signal);
    await tail.next();
    const tailing = expect(tail.next()).rejects.toMatchObject({ code: 'redis_unreachable' });
    await server.kill();
    await expect(answers.read('a', 'b')).rejects.toMatchObject({ code: 'redis_unreachable' });
    await tailing;
    await expect.poll(() => heard).toEqual(['all', 'lost']);
    await server.start();
    await expect
      .poll(
        () =>
          answers.read('a', 'b').then(
            ({ version }) => version,
            () => 'down',
          ),
        { timeout: 5_000 },
      )
      .toBe('0');
    await expect.poll(() => heard, { timeout: 5_000 }).toEqual(['all', 'lost', 'all']);
    await invalidations.publish(['u:ann']);
    await expect.poll(() => heard.at(-1)).toBe('u:ann');

    server.signal('SIGSTOP');
    await expect(answers.read('a', 'b')).rejects.toMatchObject({ code: 'redis_timeout' });
    await expect.poll(() => heard.at(-1), { timeout: 5_000 }).toBe('lost');
    server.signal('SIGCONT');
    await expect
      .poll(
        () =>
          answers.read('a', 'b').then(
            ({ version }) => version,
            () => 'down',
          ),
        { timeout: 5_000 },
      )
      .toBe('0');
    await expect.poll(() => heard.at(-1), { timeout: 5_000 }).toBe('all');
    subscription.close();
    connection.close();
    await server.stop();
  });
});
