import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisConnection } from '../../packages/core/src/stores/redis/connection.ts';
import { RedisLiveStream } from '../../packages/core/src/stores/redis/live-stream.ts';
import { RedisProfileCache } from '../../packages/core/src/stores/redis/profile-cache.ts';
import { redisStores } from '../../packages/core/src/stores/redis/stores.ts';
import { testFastStores } from '../../packages/core/test/stores/redis/fast-stores-contract.ts';
import { testProfileCache } from '../../packages/core/test/stores/redis/profile-cache-contract.ts';
import { RedisProcess, SERVERS } from '../../packages/core/test/stores/redis/redis-process.ts';
import { TERRAFORM } from './terraform.ts';

/** ElastiCache takes the server's own rules for a user (ACL SETUSER), less the password. */
const ACCESS = /default\s*= "(on [^"]+)"/.exec(
  readFileSync(join(TERRAFORM, 'aws/modules/cache/variables.tf'), 'utf8'),
)![1]!;

/** A machine that is busy with other tests is not a server that is gone. */
const PATIENT = { dataset: 'contract', commandTimeoutMs: 20_000, silenceMs: 60_000 };

/** Valkey, which is what Terraform makes. */
const [{ program, hint }] = SERVERS.filter(({ name }) => name.startsWith('Valkey')) as [(typeof SERVERS)[1]];

describe(`the rights that the cache's user has in production (${hint})`, () => {
  let server: RedisProcess;
  let administrator: RedisConnection;
  let connection: RedisConnection;
  beforeAll(async () => {
    server = await RedisProcess.start(program);
    administrator = new RedisConnection(server.url, PATIENT);
    await administrator.check();
    await administrator.client.call('ACL', 'SETUSER', 'application', ...ACCESS.split(' '), '>password-of-the-test');
    const url = server.url.replace('redis://', 'redis://application:password-of-the-test@');
    connection = new RedisConnection(url, PATIENT);
    await connection.check();
  });
  afterAll(async () => {
    connection.close();
    administrator.close();
    await server.stop();
  });
  const flush = async () => {
    await administrator.client.flushall();
  };

  describe('are all that the stores need:', () => {
    testFastStores(async () => {
      await flush();
      return { stores: redisStores(connection), shortStream: new RedisLiveStream(connection, { entriesMax: 100 }) };
    });
    testProfileCache(async () => {
      await flush();
      return { store: new RedisProfileCache(connection), flush };
    }, 50);
  });

  it.each([
    ['FLUSHALL'],
    ['KEYS', '*'],
    ['CONFIG', 'GET', '*'],
    ['ACL', 'LIST'],
    ['SHUTDOWN', 'NOSAVE'],
    ['GET', 'of-somebody-else'],
    ['SET', 'of-somebody-else', '1'],
    ['PUBLISH', 'of-somebody-else', '1'],
  ])('and no more: %s %s', async (command, ...args) => {
    await expect(connection.client.call(command, ...args)).rejects.toThrow(/^NOPERM/);
  });
});
