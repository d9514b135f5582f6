import { setTimeout as sleep } from 'node:timers/promises';
import type { ReleaseRegistry } from '@shortlist/core/release/registry.ts';
import { ValkeyServer } from '../../packages/cli/src/workspace/valkey-server.ts';
import type { Environment } from '../../packages/cli/src/environment.ts';
import type { Fault } from '../scenarios/scenario.ts';
import type { FaultResult } from '../report/result.ts';

const SHOWS_WITHIN_S = 60;
const POLL_MS = 100;

/** What the harness may do to the platform that it started itself; never to one that somebody else runs. */
export interface Faults {
  readonly environment: Environment;
  readonly registry: ReleaseRegistry;
  readonly podUrl: string;
}

/**
 * Does each fault at its time, counted from `startedMs` (performance.now()); resolves when all are done or `stop` is aborted.
 * A fault that does not work is told in its result: the load goes on.
 */
export async function runFaults(
  faults: readonly Fault[],
  on: Faults,
  startedMs: number,
  stop: AbortSignal,
): Promise<FaultResult[]> {
  const results: FaultResult[] = [];
  const valkey = new ValkeyServer(on.environment);
  let isRestarted = false;
  try {
    for (const { atS, what } of faults) {
      await sleep(Math.max(0, startedMs + atS * 1000 - performance.now()), undefined, { signal: stop });
      const beganMs = performance.now();
      const problem = await perform(what, on, valkey).then(
        () => undefined,
        (error: unknown) => String(error),
      );
      if (what === 'start-redis' && problem === undefined) isRestarted = true;
      results.push({
        what,
        atS: (beganMs - startedMs) / 1000,
        tookS: problem === undefined ? (performance.now() - beganMs) / 1000 : null,
        ...(problem === undefined ? {} : { problem }),
      });
    }
  } catch (error) {
    if (!stop.aborted) throw error;
  } finally {
    // It was joined once more than the platform did.
    if (isRestarted) await valkey.leave();
  }
  return results;
}

async function perform(what: Fault['what'], on: Faults, valkey: ValkeyServer): Promise<void> {
  if (what === 'kill-redis') {
    const { pid } = valkey.status();
    if (pid === undefined) throw new Error('it does not run');
    process.kill(pid, 'SIGKILL');
  } else if (what === 'start-redis') await valkey.join();
  else await swapRelease(on);
}

/** Points to the release that does not serve, and waits until the pod serves it. */
async function swapRelease({ registry, podUrl }: Faults): Promise<void> {
  const { active } = await registry.requirePointer();
  const other = (await registry.ids()).find((id) => id !== active);
  if (other === undefined) throw new Error('there is no second release');
  await registry.activate(other);
  const untilMs = performance.now() + SHOWS_WITHIN_S * 1000;
  while ((await servedRelease(podUrl)) !== other) {
    if (performance.now() > untilMs) throw new Error(`the pod does not serve ${other} after ${SHOWS_WITHIN_S} s`);
    await sleep(POLL_MS);
  }
}

export async function servedRelease(podUrl: string): Promise<string> {
  const status = (await (await fetch(`${podUrl}/status`)).json()) as { release?: { active?: string | null } };
  return status.release?.active ?? 'unknown';
}
