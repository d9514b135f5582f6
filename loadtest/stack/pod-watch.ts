import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PodFacts, PodSample } from '../report/result.ts';
import { servedRelease } from './faults.ts';
import { bucketsOf, cameBy, quantileOf, sumOf } from './exposition.ts';

const EVERY_MS = 2_000;
/** Linux counts in hundredths of a second, on every machine of ours. */
const TICKS_PER_S = 100;
const PAGES_PER_MIB = 256;
/** Over less, warming up looks like growth. */
const SLOPE_S_MIN = 120;

/** CPU seconds of one process so far; undefined when it is not there (or not of this machine). */
export function cpuSecondsOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name before the last bracket may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
  } catch {
    return undefined;
  }
}

/** What a pod says of itself before and after, and what Linux says of its process meanwhile where it runs on this machine. */
export class PodWatch {
  readonly #url: string;
  readonly #pid: number | undefined;
  readonly #before: string;
  readonly #samples: PodSample[] = [];
  readonly #stopping = new AbortController();
  #startedMs = 0;
  #sampling: Promise<void> = Promise.resolve();

  static async open(url: string): Promise<PodWatch> {
    const status = (await (await fetch(`${url}/status`)).json()) as { process?: { pid?: number } };
    return new PodWatch(url, isLoopback(url) ? status.process?.pid : undefined, await exposition(url));
  }

  private constructor(url: string, pid: number | undefined, before: string) {
    this.#url = url;
    this.#pid = pid;
    this.#before = before;
  }

  /** Samples the process from now on; times count from `startedMs`. */
  start(startedMs: number): void {
    this.#startedMs = startedMs;
    this.#sampling = this.#sample();
  }

  /** The facts; slopes are of the samples between the two moments, seconds. */
  async close(judgedFromS: number, judgedUntilS: number): Promise<PodFacts> {
    this.#stopping.abort();
    await this.#sampling;
    const after = await exposition(this.#url);
    const route = { route: '/recommend' };
    const histogram = bucketsOf(after, 'shortlist_request_duration_seconds', route);
    const earlier = bucketsOf(this.#before, 'shortlist_request_duration_seconds', route);
    const between = (name: string) => sumOf(after, name) - sumOf(this.#before, name);
    const answered = between('shortlist_requests_total');
    const judged = this.#samples.filter(({ atS }) => atS >= judgedFromS && atS <= judgedUntilS);
    const milliseconds = (share: number) => {
      const seconds = quantileOf(histogram, earlier, share);
      return seconds === null ? null : seconds * 1000;
    };
    return {
      url: this.#url,
      release: await servedRelease(this.#url),
      cpuUsPerRequest: answered > 0 ? (between('process_cpu_seconds_total') * 1e6) / answered : null,
      samples: this.#samples,
      rssSlopeMiBPerHour: slopePerHour(judged, ({ rssMiB }) => rssMiB),
      descriptorsSlopePerHour: slopePerHour(judged, ({ descriptors }) => descriptors),
      degradedBy: cameBy(after, this.#before, 'shortlist_degraded_total', 'stage'),
      serverP50Ms: milliseconds(0.5),
      serverP99Ms: milliseconds(0.99),
    };
  }

  async #sample(): Promise<void> {
    const pid = this.#pid;
    while (pid !== undefined && !this.#stopping.signal.aborted) {
      const cpuS = cpuSecondsOf(pid);
      if (cpuS === undefined) return;
      try {
        const rssMiB = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) / PAGES_PER_MIB;
        const descriptors = readdirSync(`/proc/${pid}/fd`).length;
        this.#samples.push({ atS: (performance.now() - this.#startedMs) / 1000, rssMiB, descriptors, cpuS });
      } catch {
        // It ended, or is somebody else's: nothing more to see.
        return;
      }
      await sleep(EVERY_MS, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    }
  }
}

export const isLoopback = (url: string): boolean =>
  ['localhost', '[::1]'].includes(new URL(url).hostname) || /^127(\.\d+){3}$/.test(new URL(url).hostname);

const exposition = async (url: string): Promise<string> => {
  const response = await fetch(`${url}/metrics`).catch(() => undefined);
  return response?.ok === true ? response.text() : '';
};

/** Least squares; null for less than two minutes. */
export function slopePerHour(samples: readonly PodSample[], of: (sample: PodSample) => number): number | null {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.atS - first.atS < SLOPE_S_MIN) return null;
  const meanX = samples.reduce((sum, { atS }) => sum + atS, 0) / samples.length;
  const meanY = samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const xy = samples.reduce((sum, sample) => sum + (sample.atS - meanX) * (of(sample) - meanY), 0);
  const xx = samples.reduce((sum, { atS }) => sum + (atS - meanX) ** 2, 0);
  return (xy / xx) * 3600;
}
