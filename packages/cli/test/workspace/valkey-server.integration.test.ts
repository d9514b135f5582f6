import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ValkeyServer } from '../../src/workspace/valkey-server.ts';
import { openRedis } from '../../src/workspace/redis.ts';

const repository = resolve(import.meta.dirname, '../../../..');
let home: string;
let server: ValkeyServer;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'shortlist-valkey-'));
  server = new ValkeyServer({ home, repository });
});
afterEach(async () => {
  await server.stop();
  rmSync(home, { recursive: true, force: true });
});
const environment = () => ({ repository, home, dataFolder: '', experimentsUrl: '' });

describe('the embedded Valkey', () => {
  it('runs while somebody uses it and stops with the last one', async () => {
    const first = await openRedis(environment(), 'one');
    const second = await openRedis(environment(), 'two');
    expect(second.url).toBe(first.url);
    await first.connection.client.set('kept', 'yes');
    await first.close();
    expect(await second.connection.client.get('kept')).toBe('yes');
    expect(server.status()).toMatchObject({ running: true });
    await second.close();
    expect(server.status()).toEqual({ running: false });
  });

  it('comes back at the same address after it was killed, and those who used it find it', async () => {
    const first = await openRedis(environment(), 'one');
    const { pid, port } = server.status();
    const { runId } = first.connection;
    process.kill(pid!, 'SIGKILL');
    await expect.poll(() => server.status().running).toBe(false);
    const second = await openRedis(environment(), 'one');
    expect(server.status().port).toBe(port);
    await expect
      .poll(() =>
        first.connection.check().then(
          () => 'answers',
          () => 'down',
        ),
      )
      .toBe('answers');
    expect(first.connection.runId).not.toBe(runId);
    await first.close();
    await second.close();
    expect(server.status().running).toBe(false);
  });

  it('lets nobody in without its password, keeps nothing on disk and gives way only by what has a lifetime', async () => {
    const opened = await openRedis(environment(), 'one');
    const { client } = opened.connection;
    for (const [name, value] of [
      ['save', ''],
      ['appendonly', 'no'],
      ['maxmemory-policy', 'volatile-lru'],
    ] as const) {
      expect(await client.config('GET', name)).toEqual([name, value]);
    }
    const stranger = { ...environment(), redisUrl: opened.url.replace(/:[^:@]*@/, ':wrong@') };
    await expect(openRedis(stranger, 'one')).rejects.toMatchObject({ code: 'redis_refused' });
    await opened.close();
  });

  it('outlives its users when it is asked to, until it is stopped', async () => {
    const opened = await openRedis(environment(), 'one');
    await server.keepRunning();
    await opened.close();
    expect(server.status().running).toBe(true);
    expect(await server.stop()).toEqual([]);
    expect(server.status().running).toBe(false);
  });

  it('listens where it is told to, or says that the port is taken', async () => {
    const first = await openRedis(environment(), 'one');
    const valkeyPort = server.status().port!;
    const other = mkdtempSync(join(tmpdir(), 'shortlist-valkey-'));
    const second = { ...environment(), home: other, valkeyPort };
    await expect(openRedis(second, 'one')).rejects.toMatchObject({ code: 'port_in_use' });
    await first.close();
    const opened = await openRedis(second, 'one');
    expect(new URL(opened.url).port).toBe(String(valkeyPort));
    await opened.close();
    rmSync(other, { recursive: true });
  });

  it('tells who is missing where REDIS_URL leads nowhere', async () => {
    const nowhere = { ...environment(), redisUrl: 'redis://127.0.0.1:1' };
    await expect(openRedis(nowhere, 'one')).rejects.toMatchObject({
      code: 'redis_unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });
});
