/**
 * The load generator, a process of its own: `node load.ts '{"url":...,"connections":8,"seconds":3,...}'`, see LoadOptions.
 *
 * Without a rate it is closed: each connection sends its next request when the last one is answered. With one it is open:
 * requests come at random (Poisson) whether or not earlier ones are answered, and a latency counts from the moment at
 * which its request was meant to be sent, so that a server that stalls is charged for everybody who came meanwhile.
 */
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import { Connection } from '../../../service/bench/connection.ts';
import { zipf } from './zipf.ts';

export interface LoadOptions {
  readonly url: string;
  readonly path: string;
  /** Bodies are these, with `USER` in them replaced by a user's number, and chosen in turn. */
  readonly bodies: readonly string[];
  /** Users, of whom the first come most often (Zipf, exponent 1). */
  readonly users: number;
  /** Their ids, if they are not their numbers. */
  readonly userIds?: readonly string[];
  readonly seed: number;
  /** Open: the most that may be answered at a time. */
  readonly connections: number;
  /** Requests per second; absent: closed. */
  readonly rate?: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly sent: number;
  readonly answered: number;
  /** Answers per second, refusals not among them. */
  readonly rate: number;
  readonly errors: number;
  /** 503. */
  readonly shed: number;
  /** Answers that name something they were made without. */
  readonly degraded: number;
  /** What those were made without, and how many. */
  readonly without: Readonly<Record<string, number>>;
  /** Median lateness of the generator itself: between meaning to send and sending, ms. */
  readonly lateMs: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  /** What this process took. */
  readonly cpuS: number;
}

/** Longest that an open generator does not look at its sockets, ms. */
const LOOK_EVERY_MS = 0.05;
const WHOLE = Buffer.from('"degraded":[]');
const USER = 'USER';

const options = JSON.parse(process.argv[2]!) as LoadOptions;
const random = seededRandom(options.seed);
const nextUser = zipf(options.users, random);
const latencies: number[] = [];
const lateness: number[] = [];
const counts = { sent: 0, answered: 0, errors: 0, shed: 0, degraded: 0 };
const without = new Map<string, number>();
const sleeper = new Int32Array(new SharedArrayBuffer(4));

async function send(connection: Connection, meantMs: number): Promise<void> {
  const template = options.bodies[counts.sent++ % options.bodies.length]!;
  lateness.push(performance.now() - meantMs);
  const user = nextUser();
  const body = Buffer.from(template.replace(USER, options.userIds?.[user] ?? String(user)));
  const answer = await connection.request('POST', options.path, body);
  latencies.push(performance.now() - meantMs);
  counts.answered += 1;
  if (answer.status === 503) counts.shed += 1;
  else if (answer.status !== 200) counts.errors += 1;
  else if (answer.body.indexOf(WHOLE) < 0) {
    counts.degraded += 1;
    for (const part of degradedIn(answer.body)) without.set(part, (without.get(part) ?? 0) + 1);
  }
}

const degradedIn = (body: Buffer): readonly string[] =>
  (JSON.parse(body.toString()) as { degraded: string[] }).degraded;

async function closed(connections: readonly Connection[], untilMs: number): Promise<void> {
  await Promise.all(
    connections.map(async (connection) => {
      for (let now = performance.now(); now < untilMs; now = performance.now()) await send(connection, now);
    }),
  );
}

async function open(all: readonly Connection[], rate: number, untilMs: number): Promise<void> {
  const free = [...all];
  const waiting: number[] = [];
  const running = new Set<Promise<void>>();
  const serve = async (connection: Connection, first: number): Promise<void> => {
    for (let meant: number | undefined = first; meant !== undefined; meant = waiting.shift())
      await send(connection, meant);
    free.push(connection);
  };
  let nextMs = performance.now();
  for (;;) {
    const now = performance.now();
    for (; nextMs <= now && nextMs < untilMs; nextMs -= (Math.log(1 - random()) * 1000) / rate) {
      const connection = free.pop();
      if (connection === undefined) waiting.push(nextMs);
      else {
        const work = serve(connection, nextMs);
        running.add(work);
        void work.finally(() => running.delete(work));
      }
    }
    if (nextMs >= untilMs) break;
    await new Promise((turn) => setImmediate(turn));
    // A timer of node would come up to a millisecond late.
    Atomics.wait(sleeper, 0, 0, Math.max(0, Math.min(LOOK_EVERY_MS, nextMs - performance.now())));
  }
  await Promise.all(running);
}

const connections = await Promise.all(Array.from({ length: options.connections }, () => Connection.open(options.url)));
const startedMs = performance.now();
const untilMs = startedMs + options.seconds * 1000;
if (options.rate === undefined) await closed(connections, untilMs);
else await open(connections, options.rate, untilMs);
const tookS = (performance.now() - startedMs) / 1000;
for (const connection of connections) connection.close();

const sorted = Float64Array.from(latencies).sort();
const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
const { user, system } = process.cpuUsage();
const result: LoadResult = {
  ...counts,
  without: Object.fromEntries(without),
  rate: (counts.answered - counts.shed) / tookS,
  lateMs: Float64Array.from(lateness).sort()[lateness.length >> 1] ?? NaN,
  p50: at(0.5),
  p95: at(0.95),
  p99: at(0.99),
  p999: at(0.999),
  cpuS: (user + system) / 1e6,
};
console.log(JSON.stringify(result));
