/**
 * The load generator, a process of its own: `node event-load.ts '{"url":...,"connections":16,"batch":100,...}'`. Sends for
 * `warmUpS` + `seconds`, each connection one request after the other, and prints what was acknowledged meanwhile.
 */
import { Connection } from '../../../service/bench/connection.ts';
import { EventBodies, type EventBodiesOptions } from './event-bodies.ts';

export interface EventLoadOptions extends Omit<EventBodiesOptions, 'seed'> {
  readonly url: string;
  readonly connections: number;
  readonly warmUpS: number;
  readonly seconds: number;
}

export interface EventLoadResult {
  /** Events that were answered as accepted, warm-up included. */
  readonly accepted: number;
  readonly eventsPerS: number;
  readonly requestsPerS: number;
  /** Requests that were not answered by 202 with every event accepted. */
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** What this process took. */
  readonly cpuS: number;
}

const options = JSON.parse(process.argv[2]!) as EventLoadOptions;
const { url, connections, batch, warmUpS, seconds } = options;
const startedMs = performance.now();
const fromMs = startedMs + warmUpS * 1000;
const untilMs = fromMs + seconds * 1000;
const latenciesMs: number[] = [];
let [accepted, measured, failed] = [0, 0, 0];
const ACCEPTED = Buffer.from(`{"accepted":${batch},`);

async function send(seed: number): Promise<void> {
  const connection = await Connection.open(url);
  const bodies = new EventBodies({ ...options, seed });
  for (let sentMs = performance.now(); sentMs < untilMs;) {
    const { status, body } = await connection.request('POST', '/events', bodies.next());
    const answeredMs = performance.now();
    if (status === 202 && body.subarray(0, ACCEPTED.length).equals(ACCEPTED)) {
      accepted += batch;
      if (answeredMs >= fromMs && answeredMs < untilMs) {
        measured += 1;
        latenciesMs.push(answeredMs - sentMs);
      }
    } else failed += 1;
    sentMs = answeredMs;
  }
  connection.close();
}

await Promise.all(Array.from({ length: connections }, (_, seed) => send(seed)));
latenciesMs.sort((a, b) => a - b);
const { user, system } = process.cpuUsage();
const result: EventLoadResult = {
  accepted,
  eventsPerS: (measured * batch) / seconds,
  requestsPerS: measured / seconds,
  failed,
  p50Ms: latenciesMs[Math.floor(latenciesMs.length * 0.5)] ?? NaN,
  p99Ms: latenciesMs[Math.floor(latenciesMs.length * 0.99)] ?? NaN,
  cpuS: (user + system) / 1e6,
};
console.log(JSON.stringify(result));
