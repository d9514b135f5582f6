import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { ChildPod } from '../../../serving/test/child-pod.ts';
import { SteadyLoad } from './steady-load.ts';

/** One answer that a shopper received in full. */
export interface ReceivedAnswer {
  readonly requestId: string;
  readonly userId: string;
  /** When it had arrived, on performance.now()'s clock. */
  readonly atMs: number;
}

/** New shoppers who each ask once, so that every answer is an exposure, and which answers they received. */
export class ExposingLoad {
  readonly received: ReceivedAnswer[] = [];
  /** Other answers than 200, by status; those that broke off are not among them. */
  readonly refused = new Map<number, number>();
  readonly #load: SteadyLoad;

  constructor(pod: ChildPod, name: string, { workers = 6, pauseMs = 2 } = {}) {
    const url = pod.url();
    this.#load = new SteadyLoad(workers, pauseMs, async (call) => {
      const requestId = `${name}-${call}`;
      const userId = `shopper-${requestId}`;
      try {
        const response = await fetch(`${url}/recommend`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-request-id': requestId },
          body: JSON.stringify({ user_id: userId, num_items: 5 }),
        });
        await response.arrayBuffer();
        if (response.status === 200) this.received.push({ requestId, userId, atMs: performance.now() });
        else this.refused.set(response.status, (this.refused.get(response.status) ?? 0) + 1);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        // The pod is gone: not so many tries a second.
        await sleep(20);
      }
    });
  }

  stop(): Promise<void> {
    return this.#load.stop();
  }
}

/** Answers whose slate, and those whose exposure, is not stored. */
export async function lostOf(pool: Pool, received: readonly ReceivedAnswer[]) {
  const ids = async (text: string, values: readonly string[]) => {
    const { rows } = await pool.query<{ id: string }>(text, [values]);
    return new Set(rows.map(({ id }) => id));
  };
  const slates = await ids(
    'SELECT id FROM unnest($1::text[]) AS t(id) WHERE NOT EXISTS (SELECT FROM impressions WHERE request_id = id)',
    received.map(({ requestId }) => requestId),
  );
  const units = await ids(
    "SELECT id FROM unnest($1::text[]) AS t(id) WHERE NOT EXISTS (SELECT FROM exposures WHERE unit = 'u:' || id)",
    received.map(({ userId }) => userId),
  );
  return {
    slates: received.filter(({ requestId }) => slates.has(requestId)),
    exposures: received.filter(({ userId }) => units.has(userId)),
  };
}

export interface RecordsStatus {
  readonly queued: number;
  readonly offered: number;
  readonly dropped: number;
  readonly waiting: number;
  readonly sent: number;
  readonly adopted: number;
  readonly rejected: number;
  readonly damaged: number;
  readonly spool_failures: number;
  readonly send_failures: number;
}

export async function recordsOf(pod: ChildPod): Promise<RecordsStatus> {
  const response = await fetch(`${pod.url()}/status`);
  return ((await response.json()) as { pipeline: { records: RecordsStatus } }).pipeline.records;
}
