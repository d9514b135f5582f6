import { describe, expect, it } from 'vitest';
import { Refreshed } from '@shortlist/service/observe/refreshed.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('a value that a store keeps', () => {
  it('is given as it was known last, and asked for again when that is old', async () => {
    let nowMs = 0;
    let asked = 0;
    const refreshed = new Refreshed(
      () => Promise.resolve(++asked),
      10_000,
      () => nowMs,
    );
    expect(refreshed.value).toBeNull();
    await turn();
    nowMs = 9_999;
    expect(refreshed.value).toBe(1);
    nowMs = 10_000;
    expect(refreshed.value).toBe(1);
    await turn();
    expect(refreshed.value).toBe(2);
  });

  it('is not waited for, nor asked for twice at a time', async () => {
    let nowMs = 0;
    let asked = 0;
    const answers: ((value: number) => void)[] = [];
    const read = () => {
      asked += 1;
      return new Promise<number>((resolve) => answers.push(resolve));
    };
    const refreshed = new Refreshed(read, 10, () => nowMs);
    for (; nowMs < 100; nowMs += 10) expect(refreshed.value).toBeNull();
    expect(asked).toBe(1);
    answers[0]!(7);
    await turn();
    expect(refreshed.value).toBe(7);
  });

  it('is absent while there is nobody to ask, and after a failure', async () => {
    let nowMs = 0;
    let store: (() => Promise<number>) | null = null;
    const refreshed = new Refreshed<number>(
      () => store?.() ?? null,
      10,
      () => nowMs,
    );
    expect(refreshed.value).toBeNull();
    store = () => Promise.resolve(3);
    expect(refreshed.value).toBeNull();
    await turn();
    expect(refreshed.value).toBe(3);
    store = () => Promise.reject(new Error('gone'));
    nowMs = 10;
    expect(refreshed.value).toBe(3);
    await turn();
    expect(refreshed.value).toBeNull();
  });
});
