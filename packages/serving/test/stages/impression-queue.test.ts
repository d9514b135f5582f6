import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ImpressionQueue, JsonlSpool, type Impression } from '../../src/stages/7-record/impression-queue.ts';

const impression = (id: number): Impression => ({
  request_id: `r${id}`,
  session_id: 's',
  timestamp: 1,
  surface: '',
  device: '',
  items: ['a'],
  propensities: [1],
  release: 'x',
  tier: 'session',
  degraded: [],
});

describe('the impression queue', () => {
  it('writes what is offered, in order, several at a time', async () => {
    const written: string[][] = [];
    const queue = new ImpressionQueue(
      { write: (batch) => Promise.resolve(void written.push(batch.map(({ request_id }) => request_id))) },
      { max: 100, retryMs: 0 },
    );
    for (let id = 0; id < 5; id++) expect(queue.offer(impression(id))).toBe(true);
    await queue.flush();
    expect(written).toEqual([['r0', 'r1', 'r2', 'r3', 'r4']]);
    expect(queue.status()).toMatchObject({ waiting: 0, written: 5, dropped: 0 });
  });
  it('drops and counts what does not fit while the sink hangs', async () => {
    let finish: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (finish = resolve));
    const queue = new ImpressionQueue({ write: () => gate }, { max: 3, retryMs: 0 });
    for (let id = 0; id < 10; id++) queue.offer(impression(id));
    expect(queue.status()).toMatchObject({ waiting: 3, dropped: 7 });
    finish();
    await queue.flush();
    expect(queue.status()).toMatchObject({ waiting: 0, written: 3, dropped: 7 });
  });
  it('keeps what a failed write held, and writes it later, in order', async () => {
    const written: string[] = [];
    let failing = true;
    const sink = {
      write: (batch: readonly Impression[]) => {
        if (failing) return Promise.reject(new Error('disk full'));
        written.push(...batch.map(({ request_id }) => request_id));
        return Promise.resolve();
      },
    };
    const queue = new ImpressionQueue(sink, { max: 10, retryMs: 3_600_000 });
    queue.offer(impression(0));
    await queue.flush();
    queue.offer(impression(1));
    expect(queue.status()).toMatchObject({ waiting: 2, failures: 1, last_failure: 'disk full' });
    failing = false;
    await queue.flush();
    expect(written).toEqual(['r0', 'r1']);
  });
  it('spools to a file, one line an impression', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'spool-'));
    try {
      const queue = new ImpressionQueue(new JsonlSpool(join(folder, 'i.jsonl')), { max: 10, retryMs: 0 });
      queue.offer(impression(0));
      queue.offer(impression(1));
      await queue.flush();
      const lines = (await readFile(join(folder, 'i.jsonl'), 'utf8')).trim().split('\n');
      expect(lines.map((line) => (JSON.parse(line) as Impression).request_id)).toEqual(['r0', 'r1']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
