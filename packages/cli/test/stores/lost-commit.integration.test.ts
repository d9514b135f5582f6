import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { LOG_KIND, type LogOffsets } from '@shortlist/core/contracts/log.ts';
import { createPool } from '@shortlist/core/stores/postgres/connection.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import type { TransactionalStores } from '@shortlist/core/stores/stores.ts';
import { event, item } from '../../../core/test/stores/rows.ts';
import { createCluster, openDatabase, type Database } from '../../src/workspace/database.ts';
import { temporaryWorkspace, type TemporaryWorkspace } from '../workspace/temporary-workspace.ts';

/** Stands between client and server and can cut connections. */
class Proxy {
  readonly #server = createServer((client) => this.#relay(client));
  readonly #target: number;
  /** The next request that holds this text gets no answer: its connection is cut once the server has answered. */
  cutAnswerTo: string | undefined;
  cuts = 0;

  constructor(target: number) {
    this.#target = target;
  }

  async open(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
  }

  #relay(client: Socket): void {
    const server = connect(this.#target, '127.0.0.1');
    let cut = false;
    client.on('data', (bytes: Buffer) => {
      if (this.cutAnswerTo !== undefined && bytes.includes(this.cutAnswerTo)) {
        cut = true;
        this.cutAnswerTo = undefined;
      }
      server.write(bytes);
    });
    server.on('data', (bytes: Buffer) => {
      if (!cut) {
        client.write(bytes);
        return;
      }
      this.cuts += 1;
      client.destroy();
      server.destroy();
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  }
}

let workspace: TemporaryWorkspace;
let database: Database;
let proxy: Proxy;
let through: ReturnType<typeof createPool>;
let stores: TransactionalStores;
let direct: TransactionalStores;

beforeAll(async () => {
  workspace = temporaryWorkspace();
  database = await openDatabase(workspace.environment, 'lost');
  const url = new URL(await createCluster(workspace.environment).join());
  proxy = new Proxy(Number(url.port));
  url.port = String(await proxy.open());
  url.pathname = 'shortlist_lost';
  through = createPool(url.href, { connectionsMax: 4 });
  stores = postgresStores(through);
  direct = postgresStores(database.pool);
});
beforeEach(() => direct.clear());
afterAll(async () => {
  await through.end();
  proxy.close();
  await createCluster(workspace.environment).leave();
  await database.close();
  await workspace.remove();
});

async function told(from: LogOffsets) {
  const batches = await direct.tail.read(from, 10_000);
  return {
    writers: new Set(batches.map(({ writer }) => writer)).size,
    keys: batches.flatMap((batch) => (batch.kind === LOG_KIND.events ? batch.payload.keys : [])),
    kinds: batches.map(({ kind }) => kind),
  };
}

test('an append whose commit succeeded unheard is sent again, stored once, and its events count as new', async () => {
  const lane = await stores.log.openLane();
  const start = await direct.tail.offsetsNow();
  await lane.append([event('known')]);
  proxy.cutAnswerTo = 'append_events';
  const isFresh = await lane.append([event('a'), event('known'), event('b')]);
  expect(proxy.cuts).toBe(1);
  expect([...isFresh]).toEqual([1, 0, 1]);
  expect((await direct.events.summary()).events).toBe(3);
  expect((await told(start)).keys).toHaveLength(3);
  // The lane goes on as another writer.
  expect([...(await lane.append([event('c'), event('a')]))]).toEqual([1, 0]);
  const after = await told(start);
  expect(after.keys).toHaveLength(4);
  expect(after.writers).toBe(2);
  await lane.close();
});

test('a connection that ends before the statement arrives loses nothing either', async () => {
  const lane = await stores.log.openLane();
  await lane.append([event('a')]);
  await database.pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%append%'
       AND pid <> pg_backend_pid()`,
  );
  expect([...(await lane.append([event('b'), event('a')]))]).toEqual([1, 0]);
  expect((await direct.events.summary()).events).toBe(2);
  await lane.close();
});

test('work whose commit succeeded unheard runs again and finds its changes', async () => {
  const lane = await stores.log.openLane();
  const start = await direct.tail.offsetsNow();
  proxy.cutAnswerTo = 'COMMIT';
  const cuts = proxy.cuts;
  const outcomes = await lane.write(async (inside, tell) => {
    const result = await inside.items.put([item('a')]);
    tell({ kind: LOG_KIND.items, payload: { itemIds: ['a'] } });
    return result;
  });
  expect(proxy.cuts).toBe(cuts + 1);
  expect(outcomes).toEqual(['unchanged']);
  // Told twice is harmless: consumers read the item's present state.
  expect((await told(start)).kinds).toEqual([LOG_KIND.items, LOG_KIND.items]);
  expect(await direct.items.count()).toBe(1);
  await lane.close();
});

test('a partition that is dropped behind the back of a lane is made again', async () => {
  const lane = await stores.log.openLane();
  await lane.append([event('a')]);
  await database.pool.query('DROP TABLE events_20231114');
  expect([...(await lane.append([event('b')]))]).toEqual([1]);
  expect((await direct.events.summary()).events).toBe(1);
  await lane.close();
});
