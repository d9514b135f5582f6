/**
 * The generator of overload.bench.ts, a process of its own: `node overload-load.ts '{"url":...,"phases":[...]}'`. Open
 * arrivals at the rate of each phase; a latency counts from the moment at which its request was meant to be sent. SIGTERM
 * ends the phase that runs.
 */
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import { Connection } from '../../../service/bench/connection.ts';

export interface OverloadPhase {
  readonly rate: number;
  readonly seconds: number;
}

export interface OverloadOptions {
  readonly url: string;
  readonly bodies: readonly string[];
  readonly connections: number;
  readonly deadlineMs: number;
  /** Share of requests that are prefetches. */
  readonly prefetchShare: number;
  readonly phases: readonly OverloadPhase[];
  /** Length of a step of the series, ms. */
  readonly stepMs: number;
}

/** What became of the requests that were meant to be sent in one step. */
export interface OverloadStep {
  sent: number;
  /** Answered with a slate within the deadline. */
  good: number;
  /** Of those, made lighter. */
  lighter: number;
  late: number;
  shed: number;
  errors: number;
  /** Shoppers' share of the above. */
  shoppers: number;
  shoppersGood: number;
}

export interface OverloadResult {
  readonly phases: readonly {
    readonly steps: readonly OverloadStep[];
    /** Of answers with a slate, ms. */
    readonly p50: number;
    readonly p99: number;
    readonly slowest: number;
    /** Of refusals, ms. */
    readonly shedP99: number;
    /** Median lateness of the generator itself, ms. */
    readonly lateMs: number;
  }[];
  readonly cpuS: number;
}

const LOOK_EVERY_MS = 0.05;
const WHOLE = Buffer.from('"degraded":[]');
const options = JSON.parse(process.argv[2]!) as OverloadOptions;
const random = seededRandom(7);
const sleeper = new Int32Array(new SharedArrayBuffer(4));
const bodies = options.bodies.map((body) => Buffer.from(body));
const free = await Promise.all(Array.from({ length: options.connections }, () => Connection.open(options.url)));
const PREFETCH = { 'x-shortlist-priority': 'prefetch' };
let asked = 0;
let isOver = false;
process.once('SIGTERM', () => (isOver = true));

const emptyStep = (): OverloadStep => {
  return { sent: 0, good: 0, lighter: 0, late: 0, shed: 0, errors: 0, shoppers: 0, shoppersGood: 0 };
};
const quantile = (values: readonly number[], share: number): number => {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
};

async function run({ rate, seconds }: OverloadPhase): Promise<OverloadResult['phases'][number]> {
  const steps = Array.from({ length: Math.ceil((seconds * 1000) / options.stepMs) }, emptyStep);
  const [slates, refusals, lateness]: [number[], number[], number[]] = [[], [], []];
  const waiting: number[] = [];
  const fromMs = performance.now();
  const untilMs = fromMs + seconds * 1000;
  let running = 0;
  let idle: () => void = () => undefined;

  const ask = async (connection: Connection, meantMs: number): Promise<void> => {
    const step = steps[Math.floor((meantMs - fromMs) / options.stepMs)]!;
    const isPrefetch = random() < options.prefetchShare;
    lateness.push(performance.now() - meantMs);
    const body = bodies[asked++ % bodies.length]!;
    const answer = await connection.request('POST', '/recommend', body, isPrefetch ? PREFETCH : {}).catch(() => null);
    const tookMs = performance.now() - meantMs;
    step.sent += 1;
    if (!isPrefetch) step.shoppers += 1;
    if (answer?.status === 200) {
      slates.push(tookMs);
      if (tookMs > options.deadlineMs) step.late += 1;
      else {
        step.good += 1;
        if (!isPrefetch) step.shoppersGood += 1;
        if (answer.body.indexOf(WHOLE) < 0) step.lighter += 1;
      }
    } else if (answer?.status === 503) {
      refusals.push(tookMs);
      step.shed += 1;
    } else step.errors += 1;
  };
  const serve = async (connection: Connection, first: number): Promise<void> => {
    running += 1;
    for (let meant: number | undefined = first; meant !== undefined; meant = waiting.shift())
      await ask(connection, meant);
    free.push(connection);
    running -= 1;
    if (running === 0) idle();
  };
  for (let nextMs = fromMs; nextMs < untilMs && !isOver;) {
    const now = performance.now();
    for (; nextMs <= now && nextMs < untilMs; nextMs -= (Math.log(1 - random()) * 1000) / rate) {
      // The one that rested longest: a pod closes those that rest for 10 s.
      const connection = free.shift();
      if (connection === undefined) waiting.push(nextMs);
      else void serve(connection, nextMs);
    }
    await new Promise((turn) => setImmediate(turn));
    Atomics.wait(sleeper, 0, 0, Math.max(0, Math.min(LOOK_EVERY_MS, nextMs - performance.now())));
  }
  if (running > 0) await new Promise<void>((resolve) => (idle = resolve));
  return {
    steps,
    p50: quantile(slates, 0.5),
    p99: quantile(slates, 0.99),
    slowest: quantile(slates, 1),
    shedP99: quantile(refusals, 0.99),
    lateMs: quantile(lateness, 0.5),
  };
}

const phases: OverloadResult['phases'][number][] = [];
for (const phase of options.phases) phases.push(await run(phase));
const { user, system } = process.cpuUsage();
for (const connection of free) connection.close();
const result: OverloadResult = { phases, cpuS: (user + system) / 1e6 };
console.log(JSON.stringify(result));
