import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Arguments } from '../arguments.ts';
import type { Comparison, Side } from '../report/result.ts';
import { runK6 } from '../run-k6.ts';
import type { Traffic } from '../traffic/draw.ts';
import { compare } from './compare.ts';
import { runOha } from './oha.ts';

const SECONDS_MAX = 30;

export interface ConfirmOn {
  readonly target: string;
  readonly traffic: Traffic;
  readonly trafficFile: string;
  readonly out: string;
  readonly core?: number;
}

/**
 * k6 and the checker in turn, at the scenario's rate and held there, with the same requests. One after the other: side by
 * side they would load the server twice, and wait for each other's CPU.
 */
export async function confirm(
  {
    k6,
    checker,
    load,
    p99Ms,
    rounds,
  }: Pick<Arguments, 'k6' | 'load' | 'p99Ms' | 'rounds'> & { readonly checker: string },
  { target, traffic, trafficFile, out, core }: ConfirmOn,
  stop: AbortSignal,
): Promise<Comparison> {
  const bodies = join(out, 'bodies.txt');
  writeFileSync(bodies, `${traffic.bodies.join('\n')}\n`);
  const seconds = Math.min(load.seconds, SECONDS_MAX);
  const { rate } = load;
  const pinned = core === undefined ? {} : { core };
  const found: { k6: Side; other: Side }[] = [];
  for (let round = 1; round <= rounds; round++) {
    const folder = join(out, `confirm-${round}`);
    mkdirSync(folder, { recursive: true });
    // `smoke` is a constant rate, whatever it is.
    const run = { k6, scenario: 'smoke', target, load: { ...load, seconds }, p99Ms, traffic: trafficFile, out: folder };
    const { result } = await runK6({ ...run, ...pinned }, stop, () => undefined);
    const other = await runOha({ oha: checker, url: target, bodies, rate, seconds, ...pinned }, stop);
    const hold = result.phases.find(({ name }) => name === 'hold')!;
    const ours: Side = {
      tool: 'k6',
      requests: hold.requests,
      perSecond: hold.requests / hold.seconds,
      notAccepted: hold.shed + hold.failed,
      p50Ms: hold.p50Ms ?? NaN,
      p99Ms: hold.p99Ms ?? NaN,
    };
    found.push({ k6: ours, other });
  }
  return compare(found, { rate, seconds });
}
