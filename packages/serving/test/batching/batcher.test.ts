import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { Batcher, type BatcherOptions } from '../../src/batching/batcher.ts';

interface Item {
  readonly id: number;
  readonly rows: number;
  readonly deadlineMs: number;
}

function batcherOf(options: Partial<BatcherOptions<Item, number>> & Pick<BatcherOptions<Item, number>, 'compute'>) {
  return new Batcher<Item, number>({
    rowsOf: ({ rows }) => rows,
    deadlineOf: ({ deadlineMs }) => deadlineMs,
    nowMs: () => 0,
    rowsMax: 100,
    requestsMax: 8,
    queueMax: 1000,
    waitMs: 0,
    ...options,
  });
}

const echo = (batch: readonly Item[]) => Promise.resolve(batch.map(({ id }) => ({ value: id })));
const item = (id: number, rows = 10, deadlineMs = 1): Item => ({ id, rows, deadlineMs });
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('batching', () => {
  it('answers each item once with its own outcome, in batches within the bounds, in order of arrival', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ rows: fc.integer({ min: 1, max: 150 }), fails: fc.boolean(), pause: fc.boolean() }), {
          maxLength: 60,
        }),
        async (steps) => {
          const computed: number[] = [];
          let running = 0;
          const batcher = batcherOf({
            compute: async (batch) => {
              expect(++running).toBe(1);
              expect(batch.length).toBeLessThanOrEqual(8);
              const rows = batch.reduce((sum, one) => sum + one.rows, 0);
              expect(batch.length === 1 || rows <= 100).toBe(true);
              await turn();
              computed.push(...batch.map(({ id }) => id));
              running -= 1;
              return batch.map(({ id }) => (steps[id]!.fails ? { error: `failed ${id}` } : { value: id }));
            },
          });
          const answers: Promise<unknown>[] = [];
          for (const [id, { rows, pause }] of steps.entries()) {
            answers.push(batcher.submit(item(id, rows)).catch((error: unknown) => error));
            if (pause) await turn();
          }
          expect(await Promise.all(answers)).toEqual(steps.map(({ fails }, id) => (fails ? `failed ${id}` : id)));
          expect(computed).toEqual(steps.map((_, id) => id));
          expect(batcher.status()).toMatchObject({ waiting: 0, expired: 0, refused: 0 });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('lets what arrives during a batch share the next one, and a lone item wait for nobody', async () => {
    const sizes: number[] = [];
    let finish: () => void = () => undefined;
    const batcher = batcherOf({
      compute: async (batch) => {
        sizes.push(batch.length);
        if (sizes.length === 1) await new Promise<void>((resolve) => (finish = resolve));
        return echo(batch);
      },
    });
    const first = batcher.submit(item(0));
    expect(sizes).toEqual([1]);
    const others = [1, 2, 3].map((id) => batcher.submit(item(id)));
    finish();
    expect(await Promise.all([first, ...others])).toEqual([0, 1, 2, 3]);
    expect(sizes).toEqual([1, 3]);
  });

  it('refuses what does not fit the queue, at once', async () => {
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const batcher = batcherOf({ queueMax: 2, compute: (batch) => gate.then(() => echo(batch)) });
    const accepted = [0, 1, 2].map((id) => batcher.submit(item(id)));
    await expect(batcher.submit(item(3))).rejects.toMatchObject({ code: 'overloaded', status: 503 });
    open();
    expect(await Promise.all(accepted)).toEqual([0, 1, 2]);
    expect(batcher.status()).toMatchObject({ refused: 1, waiting: 0 });
  });

  it('drops what expired before work on it begins, and computes the rest', async () => {
    let now = 0;
    const computed: number[] = [];
    const batcher = batcherOf({
      nowMs: () => now,
      compute: async (batch) => {
        now = 10;
        computed.push(...batch.map(({ id }) => id));
        await turn();
        return echo(batch);
      },
    });
    const first = batcher.submit(item(0, 10, 5));
    const late = batcher.submit(item(1, 10, 9)).catch((error: { code: string }) => error.code);
    const inTime = batcher.submit(item(2, 10, 11));
    expect(await Promise.all([first, late, inTime])).toEqual([0, 'overloaded', 2]);
    expect(computed).toEqual([0, 2]);
  });

  it('fails the items of a batch that throws or miscounts, and goes on', async () => {
    const answers = [
      () => Promise.reject(new Error('broken')),
      () => Promise.resolve([]),
      (batch: readonly Item[]) => echo(batch),
    ];
    const batcher = batcherOf({ requestsMax: 1, compute: (batch) => answers.shift()!(batch) });
    await expect(batcher.submit(item(0))).rejects.toThrow('broken');
    await expect(batcher.submit(item(1))).rejects.toThrow('gave 0 outcomes');
    expect(await batcher.submit(item(2))).toBe(2);
  });

  it('takes lane 0 first, and gives up the newest of lane 1 for it when the queue is full', async () => {
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const computed: number[] = [];
    const refused: [number, string][] = [];
    const batcher = batcherOf({
      queueMax: 3,
      requestsMax: 1,
      laneOf: ({ id }) => id % 2,
      refuse: ({ id }, reason) => {
        refused.push([id, reason]);
        return new ShortlistError('overloaded', { retryAfterS: 1 });
      },
      compute: async (batch) => {
        await gate;
        computed.push(...batch.map(({ id }) => id));
        return echo(batch);
      },
    });
    const answers = [0, 1, 3, 5, 2, 4, 7].map((id) => batcher.submit(item(id)).catch(() => 'refused'));
    open();
    expect(await Promise.all(answers)).toEqual([0, 1, 'refused', 'refused', 2, 4, 'refused']);
    expect(computed).toEqual([0, 2, 4, 1]);
    expect(refused).toEqual([
      [5, 'yielded'],
      [3, 'yielded'],
      [7, 'full'],
    ]);
  });

  it('gives up what would be late by the time its batch ends, but tries one that has waited for nobody', async () => {
    let now = 0;
    const computed: number[] = [];
    const waits: number[] = [];
    const batcher = batcherOf({
      nowMs: () => now,
      batchMs: () => 20,
      requestsMax: 1,
      onBegin: (_, waitedMs) => waits.push(waitedMs),
      compute: async (batch) => {
        await turn();
        now += 20;
        computed.push(...batch.map(({ id }) => id));
        return echo(batch);
      },
    });
    const outcomes = [
      batcher.submit(item(0, 10, 5)),
      batcher.submit(item(1, 10, 39)),
      batcher.submit(item(2, 10, 41)),
      batcher.submit(item(3, 10, 59)),
    ].map((answer) => answer.catch((error: { code: string }) => error.code));
    expect(await Promise.all(outcomes)).toEqual([0, 'overloaded', 2, 'overloaded']);
    expect(computed).toEqual([0, 2]);
    expect(waits).toEqual([0, 20]);
  });
});
