import { setTimeout as sleep } from 'node:timers/promises';

/** Asks until it is so; fails with what was last found when that takes far too long. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, withinMs = 120_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not so within ${withinMs} ms: ${what}`);
    await sleep(5);
  }
}
