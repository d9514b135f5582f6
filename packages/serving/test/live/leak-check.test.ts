import { afterEach, describe, expect, it, vi } from 'vitest';
import { LeakCheck, type LeakCheckOptions } from '../../src/live/leak-check.ts';

const open: LeakCheck[] = [];
afterEach(async () => {
  for (const check of open.splice(0)) await check.close();
});

/** Items that are not available, with the moment since when, ms. */
function checkOf(
  outSince: Readonly<Record<string, number>>,
  of: { every?: number; truth?: LeakCheckOptions['truth'] } = {},
) {
  const clock = { ms: 100_000 };
  const asked: (readonly string[])[] = [];
  const leaked: string[] = [];
  const failures: unknown[] = [];
  const check = new LeakCheck({
    truth: of.truth ?? {
      unavailableSince(itemIds, agoS) {
        asked.push(itemIds);
        return Promise.resolve(
          itemIds.filter((id) => outSince[id] !== undefined && outSince[id] < clock.ms - agoS * 1000),
        );
      },
    },
    every: of.every ?? 1,
    onLeak: (itemIds) => leaked.push(...itemIds),
    onFailure: (error) => failures.push(error),
    nowMs: () => clock.ms,
    pauseMs: 0,
    failurePauseMs: 0,
  });
  open.push(check);
  const settled = (slates: number) => vi.waitFor(() => expect(check.status().slates_checked).toBe(slates));
  return { check, clock, asked, leaked, failures, settled };
}

describe('leak check', () => {
  it('counts an item that was served although it had been out of stock for longer than a second', async () => {
    const { check, leaked, settled } = checkOf({ gone: 90_000 });
    check.served(() => ['fine', 'gone']);
    await settled(1);
    expect(check.status()).toMatchObject({ leaks: 1, items_checked: 2 });
    expect(leaked).toEqual(['gone']);
  });

  it('forgives the second that a pod needs to hear of it, counted from when the slate went out', async () => {
    const { check, clock, settled } = checkOf({ gone: 99_500 });
    check.served(() => ['gone']);
    clock.ms += 60_000;
    await settled(1);
    expect(check.status().leaks).toBe(0);
    check.served(() => ['gone']);
    await settled(2);
    expect(check.status().leaks).toBe(1);
  });

  it('looks at every n-th slate only', async () => {
    const { check, asked, settled } = checkOf({}, { every: 10 });
    for (let i = 1; i <= 35; i++) check.served(() => [`slate-${i}`]);
    await settled(3);
    expect(asked).toEqual([['slate-10'], ['slate-20'], ['slate-30']]);
  });

  it('never waits for the database, holds a bounded number of slates and goes on after a failure', async () => {
    const release = Promise.withResolvers<void>();
    const truth = { unavailableSince: () => release.promise.then(() => Promise.reject<string[]>(new Error('away'))) };
    const { check, failures } = checkOf({}, { truth });
    for (let i = 0; i < 200; i++) check.served(() => ['a']);
    expect(check.status().slates_skipped).toBe(200 - 65);
    release.resolve();
    await vi.waitFor(() => expect(failures).toHaveLength(65));
    expect(check.status()).toMatchObject({ leaks: 0, slates_checked: 0 });
  });
});
