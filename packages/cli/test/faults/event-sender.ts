import type { Pool } from 'pg';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';

const TYPES = ['view', 'view', 'click', 'impression', 'add_to_cart', 'purchase', 'wishlist'];
const DAY_S = 86_400;

export interface SentEvent {
  readonly event_id: string;
  readonly user_id?: string;
  readonly session_id?: string;
  readonly item_id: string;
  readonly type: string;
  readonly timestamp: number;
}

/** What one request came to; `status` 0: the connection broke, so nobody knows. */
export interface Sending {
  readonly status: number;
  readonly code: string;
  readonly retryAfter: string | null;
}

/**
 * A shop's front end as it should be: what is not acknowledged is sent again, under the same ids. It remembers what was
 * sent and what was acknowledged.
 */
export class EventSender {
  readonly #random: () => number;
  readonly #items: number;
  #count = 0;
  /** Requests that were not acknowledged, oldest first. */
  #again: (readonly SentEvent[])[] = [];
  readonly sent = new Set<string>();
  readonly acknowledged = new Set<string>();
  readonly sendings: Sending[] = [];

  constructor(seed: number, items = 60) {
    this.#random = seededRandom(seed);
    this.#items = items;
  }

  get unacknowledged(): number {
    return this.#again.length;
  }

  /** The oldest request that was not acknowledged, or a new one. */
  next(size: number): readonly SentEvent[] {
    return this.#again.shift() ?? Array.from({ length: size }, () => this.#event());
  }

  async send(url: string, events: readonly SentEvent[]): Promise<Sending> {
    for (const { event_id: id } of events) this.sent.add(id);
    const sending = await this.#post(url, events);
    if (sending.status !== 202) this.#again.push(events);
    this.sendings.push(sending);
    return sending;
  }

  /** Until all is acknowledged. */
  async sendRest(url: string): Promise<void> {
    for (let tries = 0; this.#again.length > 0; tries++) {
      if (tries > 10_000) throw new Error(`${this.#again.length} requests are not acknowledged`);
      await this.send(url, this.#again.shift()!);
    }
  }

  async #post(url: string, events: readonly SentEvent[]): Promise<Sending> {
    try {
      const response = await fetch(`${url}/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(events),
      });
      const body = (await response.json()) as { results?: { status: string }[]; error?: { code: string } };
      body.results?.forEach(({ status }, i) => {
        if (status === 'rejected') throw new Error(`a sound event was rejected: ${JSON.stringify(events[i])}`);
        this.acknowledged.add(events[i]!.event_id);
      });
      const retryAfter = response.headers.get('retry-after');
      return { status: response.status, code: body.error?.code ?? '', retryAfter };
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return { status: 0, code: String(error.cause), retryAfter: null };
    }
  }

  #event(): SentEvent {
    const below = (n: number) => Math.floor(this.#random() * n);
    const who = below(3);
    return {
      event_id: `sent-${++this.#count}`,
      ...(who === 0 ? {} : { user_id: `user-${below(50)}` }),
      ...(who === 1 ? {} : { session_id: `session-${below(200)}` }),
      item_id: `item-${below(this.#items)}`,
      type: TYPES[below(TYPES.length)]!,
      // A day back at most, so that about half the events lie before midnight.
      timestamp: Math.round((Date.now() / 1000 - this.#random() * DAY_S) * 1e3) / 1e3,
    };
  }
}

/** Acknowledged ids that are not stored; [] = nothing was lost. */
export async function missing(pool: Pool, acknowledged: ReadonlySet<string>): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    'SELECT id FROM unnest($1::text[]) AS t(id) WHERE NOT EXISTS (SELECT FROM events WHERE event_id = id)',
    [[...acknowledged]],
  );
  return rows.map(({ id }) => id);
}

/** Stored events beside distinct ids and keys: three equal numbers when nothing is there twice. */
export async function storedCounts(pool: Pool): Promise<{ events: number; ids: number; keys: number }> {
  const { rows } = await pool.query<{ events: number; ids: number; keys: number }>(
    `SELECT count(*)::int AS events, count(DISTINCT event_id)::int AS ids,
       (SELECT count(*)::int FROM event_keys) AS keys FROM events`,
  );
  return rows[0]!;
}
