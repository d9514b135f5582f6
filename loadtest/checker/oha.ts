import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Side } from '../report/result.ts';
import { CouldNotRun } from '../could-not-run.ts';

/** As many users at a time as k6 has at least: where fewer are needed, the others are idle. */
const CONNECTIONS = 100;
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

interface OhaReport {
  readonly summary: { readonly requestsPerSec: number };
  /** Seconds. */
  readonly latencyPercentiles: { readonly p50: number | null; readonly p99: number | null };
  readonly statusCodeDistribution: Readonly<Record<string, number>>;
  readonly errorDistribution: Readonly<Record<string, number>>;
}

export interface OhaOptions {
  readonly oha: string;
  readonly url: string;
  /** File with one body a line. */
  readonly bodies: string;
  readonly rate: number;
  readonly seconds: number;
  readonly core?: number;
}

/**
 * Constant throughput, latencies from the intended start (`--latency-correction`, as wrk2 does it), by a program that shares
 * nothing with k6: Rust and tokio, no script per request.
 * @throws CouldNotRun
 */
export async function runOha({ oha, url, bodies, rate, seconds, core }: OhaOptions, stop: AbortSignal): Promise<Side> {
  const args = [
    ...['--no-tui', '--output-format', 'json', '--latency-correction', '--wait-ongoing-requests-after-deadline'],
    ...['-q', String(rate), '-z', `${seconds}s`, '-c', String(CONNECTIONS), '--worker-threads', '1'],
    ...['-m', 'POST', '-T', 'application/json', '-Z', bodies, `${url}/recommend`],
  ];
  const [program, all] = core === undefined ? [oha, args] : ['taskset', ['-c', String(core), oha, ...args]];
  try {
    const { stdout } = await promisify(execFile)(program, all, { signal: stop, maxBuffer: OUTPUT_BYTES_MAX });
    return sideOf(JSON.parse(stdout) as OhaReport);
  } catch (error) {
    throw new CouldNotRun(`oha did not run: ${(error as Error).message}`);
  }
}

export function sideOf({ summary, latencyPercentiles, statusCodeDistribution, errorDistribution }: OhaReport): Side {
  const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((total, n) => total + n, 0);
  const requests = sum(statusCodeDistribution) + sum(errorDistribution);
  return {
    tool: 'oha',
    requests,
    perSecond: summary.requestsPerSec,
    notAccepted: requests - (statusCodeDistribution['200'] ?? 0),
    p50Ms: (latencyPercentiles.p50 ?? NaN) * 1000,
    p99Ms: (latencyPercentiles.p99 ?? NaN) * 1000,
  };
}
