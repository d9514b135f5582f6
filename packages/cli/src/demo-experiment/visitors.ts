import { EVENT_TYPES } from '@shortlist/core/contracts/events.ts';
import type { RecommendResponse } from '@shortlist/core/contracts/recommend.ts';
import type { Population, Visit } from '../simulate/population.ts';

export interface VisitorsOptions {
  readonly population: Population;
  /** Asked in turns. */
  readonly podUrls: readonly string[];
  readonly ingestUrl: string;
  /** Names the run, so that the ids of its events are its own. */
  readonly run: string;
  /** Of the shop's clock, unix seconds. */
  readonly nowS: () => number;
  /** Who visits, in this order. */
  readonly visits: Iterator<Visit>;
}

/** What became of one request for a slate. */
export interface SeenSlate {
  readonly askedAtMs: number;
  readonly pod: number;
  readonly experiments: readonly string[];
}

/** People at the same time. */
const TOGETHER = 24;
const SLOTS = 10;
const DEADLINE_MS = 5_000;
/** Shoppers of a demonstration hurry: what takes them a minute takes a second. */
const HURRY = 60;

/** Shoppers of the demo shop who ask pods for slates over HTTP, and post what they do, until stopped. */
export class Visitors {
  readonly seen: SeenSlate[] = [];
  readonly #options: VisitorsOptions;
  readonly #working: readonly Promise<void>[];
  #visits = 0;
  #isStopped = false;
  #events = 0;

  constructor(options: VisitorsOptions) {
    this.#options = options;
    this.#working = Array.from({ length: TOGETHER }, () => this.#work());
  }

  get events(): number {
    return this.#events;
  }

  /** Rejects with what went wrong with any of their requests. */
  async done(): Promise<void> {
    await Promise.all(this.#working);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.done();
  }

  async #work(): Promise<void> {
    while (!this.#isStopped) {
      const next = this.#options.visits.next();
      if (next.done === true) return;
      await this.#visit(next.value, this.#visits++);
    }
  }

  async #visit(visit: Visit, number: number): Promise<void> {
    const { population, podUrls, ingestUrl, run, nowS } = this.#options;
    const pod = number % podUrls.length;
    const askedAtMs = performance.now();
    const request = { user_id: visit.userId, num_items: SLOTS, context: { surface: 'home' }, deadline_ms: DEADLINE_MS };
    const slate = await post<RecommendResponse>(`${podUrls[pod]!}/recommend`, request);
    const experiments = slate.experiments.map(({ experiment_id: id }) => id);
    this.seen.push({ askedAtMs, pod, experiments });
    const itemIds = slate.recommendations.map((item) => item.item_id);
    const shownAtS = nowS();
    const events = population.react(itemIds, { ...visit, atS: shownAtS }, number).map((reaction, i) => ({
      event_id: `${run}-${number}-${i}`,
      user_id: visit.userId,
      item_id: reaction.itemId,
      type: EVENT_TYPES[reaction.type],
      timestamp: shownAtS + reaction.afterS / HURRY,
      ...(EVENT_TYPES[reaction.type] === 'purchase' ? { value: population.priceOf(reaction.row), quantity: 1 } : {}),
      surface: 'home',
      request_id: slate.request_id,
      position: reaction.position,
    }));
    if (events.length === 0) return;
    await post(`${ingestUrl}/events`, events);
    this.#events += events.length;
  }
}

async function post<T>(url: string, body: object): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`POST ${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
