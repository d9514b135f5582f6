/**
 * What a core takes away from whoever computes on it: `node packages/core/bench/stalls.ts SECONDS` does nothing but read the clock
 * and prints `{ longestMs, lostShare }`, the longest time in which it did not get to, and the share of all such times of a
 * millisecond and more. On a machine that is shared it says how much of a p99 is not the server's.
 */
import { spawnSync } from 'node:child_process';

export interface Stalls {
  readonly longestMs: number;
  readonly lostShare: number;
}

const STALL_MS = 1;

/** Of `core`, for so long. */
export function stallsOf(core: number, seconds: number): Stalls {
  const args = ['-c', String(core), process.execPath, '--disable-warning=ExperimentalWarning', import.meta.filename];
  const { status, stdout } = spawnSync('taskset', [...args, String(seconds)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`looking for stalls ended with ${String(status)}`);
  return JSON.parse(stdout) as Stalls;
}

function watch(seconds: number): Stalls {
  const started = performance.now();
  const until = started + seconds * 1000;
  let longestMs = 0;
  let lostMs = 0;
  for (let last = started; last < until;) {
    const now = performance.now();
    const gapMs = now - last;
    if (gapMs >= STALL_MS) lostMs += gapMs;
    longestMs = Math.max(longestMs, gapMs);
    last = now;
  }
  return { longestMs, lostShare: lostMs / (seconds * 1000) };
}

if (import.meta.main) console.log(JSON.stringify(watch(Number(process.argv[2]))));
