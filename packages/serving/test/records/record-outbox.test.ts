import { createServer, type Server } from 'node:http';
import { appendFile, mkdtemp, readdir, rename, rm, utimes } from 'node:fs/promises';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordClient } from '../../src/records/record-client.ts';
import { RecordOutbox, type RecordOutboxOptions } from '../../src/records/record-outbox.ts';
import { RecordSpool } from '../../src/records/spool.ts';

/** An ingest service that notes the lines it took, in their order, and can be made to misbehave. */
class FakeIngest {
  readonly taken: string[] = [];
  requests = 0;
  /** Answers instead of 202; null hangs. */
  status: number | null = 202;
  rejected = 0;
  linesMax = Infinity;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        this.requests += 1;
        if (this.status === null) return;
        const lines = Buffer.concat(parts).toString().trimEnd().split('\n');
        const status = lines.length > this.linesMax ? 413 : this.status;
        if (status === 202) this.taken.push(...lines);
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ rejected: this.rejected }));
      });
    });
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

let ingest: FakeIngest;
let url: string;
let folder: string;
const open: RecordOutbox[] = [];
beforeEach(async () => {
  ingest = new FakeIngest();
  url = await ingest.listen();
  folder = await mkdtemp(join(tmpdir(), 'records-'));
});
afterEach(async () => {
  for (const outbox of open.splice(0)) await outbox.close(0);
  ingest.close();
  await rm(folder, { recursive: true, force: true });
});

async function outboxOf(options: Partial<RecordOutboxOptions> & { spoolBytesMax?: number } = {}) {
  const outbox = new RecordOutbox({
    client: new RecordClient(url, 300),
    spool: await RecordSpool.open(folder, options.spoolBytesMax ?? 1 << 20),
    memoryBytesMax: 1 << 20,
    onFailure: () => undefined,
    ...options,
  });
  open.push(outbox);
  return outbox;
}

const batch = (name: string) => ({ bytes: Buffer.from(`{"n":"${name}-1"}\n{"n":"${name}-2"}\n`), records: 2 });
const linesOf = (...names: string[]) => names.flatMap((name) => [`{"n":"${name}-1"}`, `{"n":"${name}-2"}`]);
const allSent = (outbox: RecordOutbox) => expect.poll(() => outbox.status().waiting, { timeout: 20_000 }).toBe(0);
/** As if its process had ended without a word, long ago. */
async function abandon(): Promise<string> {
  const [name] = await readdir(folder);
  const left = join(folder, 'left');
  await rename(join(folder, name!), left);
  await utimes(left, 0, 0);
  return left;
}

describe('the outbox of records', () => {
  it('sends batches in their order, and keeps nothing of what was taken', async () => {
    const outbox = await outboxOf();
    for (const name of ['a', 'b', 'c']) expect(outbox.put(batch(name))).toBe(true);
    await allSent(outbox);
    expect(ingest.taken).toEqual(linesOf('a', 'b', 'c'));
    expect(outbox.status()).toMatchObject({ sent: 6, memory_bytes: 0, send_failures: 0, last_failure: null });
    expect(await outbox.close(1_000)).toBe(0);
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    ['refuses', 503],
    ['is of another version', 404],
    ['hangs', null],
  ])('keeps them while the ingest service %s, and sends them in their order afterwards', async (_, status) => {
    const outbox = await outboxOf();
    ingest.status = status;
    outbox.put(batch('a'));
    await expect.poll(() => outbox.status().send_failures, { timeout: 5_000 }).toBeGreaterThan(0);
    outbox.put(batch('b'));
    expect(outbox.status()).toMatchObject({ waiting: 4, sent: 0 });
    ingest.status = 202;
    outbox.put(batch('c'));
    await allSent(outbox);
    expect(ingest.taken).toEqual(linesOf('a', 'b', 'c'));
  });

  it('reads from disk what memory has let go of', async () => {
    const outbox = await outboxOf({ memoryBytesMax: 100 });
    ingest.status = 503;
    for (const name of ['a', 'b', 'c', 'd']) {
      expect(outbox.put(batch(name))).toBe(true);
      await expect.poll(() => outbox.status().memory_bytes).toBeLessThanOrEqual(50);
    }
    ingest.status = 202;
    await allSent(outbox);
    expect(ingest.taken).toEqual(linesOf('a', 'b', 'c', 'd'));
  });

  it('refuses the newest when neither disk nor memory has room', async () => {
    const outbox = await outboxOf({ memoryBytesMax: 100, spoolBytesMax: 60 });
    ingest.status = 503;
    const taken = [];
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
      if (outbox.put(batch(name))) taken.push(name);
      await sleep(20);
    }
    expect(taken).toEqual(['a', 'b', 'c', 'd'].slice(0, taken.length));
    expect(taken.length).toBeLessThan(6);
    expect(outbox.status()).toMatchObject({ last_failure: expect.any(String) as string });
    expect(outbox.status().spool_failures).toBeGreaterThan(0);
    ingest.status = 202;
    await allSent(outbox);
    expect(ingest.taken).toEqual(linesOf(...taken));
    expect(outbox.put(batch('g'))).toBe(true);
  });

  it('goes on in memory when the disk fails, and on disk when it is mended', async () => {
    const outbox = await outboxOf();
    await rm(folder, { recursive: true });
    ingest.status = 503;
    outbox.put(batch('a'));
    await expect.poll(() => outbox.status().spool_failures, { timeout: 5_000 }).toBeGreaterThan(0);
    await expect.poll(() => outbox.status().spooled, { timeout: 10_000 }).toBe(2);
    ingest.status = 202;
    await allSent(outbox);
    expect(ingest.taken).toEqual(linesOf('a'));
  });

  it('takes over what a killed process left, whole batches of it, before its own', async () => {
    const first = await outboxOf({ client: null });
    first.put(batch('a'));
    first.put(batch('b'));
    await expect.poll(() => first.status().spooled).toBe(4);
    const left = await abandon();
    const [segment] = await readdir(left);
    // Killed while it wrote.
    await appendFile(join(left, segment!), Buffer.from([40, 0, 0, 0, 2, 0, 0, 0, 1]));
    const second = await outboxOf();
    await expect.poll(() => second.status().sent, { timeout: 10_000 }).toBe(4);
    expect(ingest.taken).toEqual(linesOf('a', 'b'));
    expect(second.status()).toMatchObject({ adopted: 4, torn_bytes: 9, damaged: 0 });
    expect(await readdir(folder)).not.toContain('left');
  });

  it('leaves the folder of a living process alone; of several that come only one takes over', async () => {
    const living = await outboxOf({ client: null });
    living.put(batch('living'));
    await expect.poll(() => living.status().spooled).toBe(2);
    const others = await Promise.all([outboxOf(), outboxOf(), outboxOf()]);
    await sleep(1_500);
    expect(ingest.taken).toEqual([]);
    await living.close(0);
    for (const name of await readdir(folder)) {
      // The folder that has a segment in it is the one that ended.
      if ((await readdir(join(folder, name))).length > 0) await utimes(join(folder, name), 0, 0);
    }
    await expect.poll(() => ingest.taken, { timeout: 10_000 }).toEqual(linesOf('living'));
    expect(others.reduce((sum, outbox) => sum + outbox.status().adopted, 0)).toBe(2);
  });

  it('writes down anew what was taken for abandoned while it stood still', async () => {
    const outbox = await outboxOf();
    ingest.status = 503;
    outbox.put(batch('a'));
    await expect.poll(() => outbox.status().spooled).toBe(2);
    await rm(await abandon(), { recursive: true });
    await expect.poll(() => outbox.status().spooled, { timeout: 10_000 }).toBe(4);
    ingest.status = 202;
    await allSent(outbox);
    expect(ingest.taken).toEqual(linesOf('a'));
  });

  it('sends fewer at once to whom it is too much, and counts what the ingest service refused', async () => {
    const outbox = await outboxOf();
    ingest.status = 503;
    for (let i = 0; i < 20; i++) outbox.put(batch(`b${i}`));
    await expect.poll(() => outbox.status().send_failures).toBeGreaterThan(0);
    Object.assign(ingest, { status: 202, linesMax: 8, rejected: 1 });
    await allSent(outbox);
    expect(ingest.taken).toEqual(linesOf(...Array.from({ length: 20 }, (_, i) => `b${i}`)));
    expect(outbox.status().rejected).toBeGreaterThan(0);
    ingest.linesMax = 1;
    outbox.put(batch('huge'));
    await allSent(outbox);
    expect(outbox.status()).toMatchObject({ damaged: 2, sent: 40 });
  });

  it('waits in memory where there is no disk for it, and says what it loses at its end', async () => {
    const outbox = await outboxOf({ spool: null });
    ingest.status = 503;
    outbox.put(batch('a'));
    expect(await outbox.close(50)).toBe(2);
  });

  it('leaves on disk what it could not send', async () => {
    const outbox = await outboxOf();
    ingest.status = 503;
    outbox.put(batch('a'));
    expect(await outbox.close(50)).toBe(0);
    await abandon();
    ingest.status = 202;
    const next = await outboxOf();
    await expect.poll(() => next.status().adopted, { timeout: 10_000 }).toBe(2);
    await expect.poll(() => ingest.taken, { timeout: 10_000 }).toEqual(linesOf('a'));
  });
});
