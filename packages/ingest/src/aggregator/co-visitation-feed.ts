import type { Pool } from 'pg';
import { LOG_KIND } from '@shortlist/core/contracts/log.ts';
import type { FastStores } from '@shortlist/core/stores/fast-stores.ts';
import type { LogBatch } from '@shortlist/core/stores/log-tail.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { CoVisitation } from './co-visitation.ts';

const DAY_S = 86_400;
/** Lists per publication; those left over come with the next one. */
const LISTS_MAX = 2_000;

/** Keeps the live co-visitation up with the log. */
export class CoVisitationFeed {
  readonly #pool: Pool;
  readonly #nowS: () => number;
  readonly #visitsMax: number;
  #visits: CoVisitation;

  constructor(options: { readonly pool: Pool; readonly nowS: () => number; readonly visitsMax: number }) {
    this.#pool = options.pool;
    this.#nowS = options.nowS;
    this.#visitsMax = options.visitsMax;
    this.#visits = new CoVisitation(options);
  }

  /**
   * Begins anew with today and yesterday from PostgreSQL. What the log tells meanwhile is added as well: a set does not
   * mind the order.
   */
  async rebuild(signal: AbortSignal): Promise<void> {
    const visits = new CoVisitation({ visitsMax: this.#visitsMax });
    this.#visits = visits;
    const nowS = this.#nowS();
    const fromS = (Math.floor(nowS / DAY_S) - 1) * DAY_S;
    for await (const batch of postgresStores(this.#pool).events.stream({ fromS })) {
      if (signal.aborted || this.#visits !== visits) return;
      for (let i = 0; i < batch.count; i++) {
        const unit = unitOf(batch.userIds[i], batch.sessionIds[i]);
        const event = { unit, itemId: batch.itemIds[i]!, type: batch.types[i]!, timeS: batch.timesS[i]! };
        visits.add(event, nowS);
      }
    }
  }

  /** Notes what the log told. `erasedUnits` is asked when something was taken back. */
  async add(batches: readonly LogBatch[], erasedUnits: () => Promise<ReadonlySet<string>>): Promise<void> {
    const nowS = this.#nowS();
    this.#visits.forgetBefore(nowS);
    for (const batch of batches) {
      if (batch.kind === LOG_KIND.retract) this.#visits.forgetUnits(await erasedUnits());
      if (batch.kind !== LOG_KIND.events) continue;
      const { itemIds, types, timesS, userIds, sessionIds } = batch.payload;
      for (let i = 0; i < itemIds.length; i++) {
        const unit = unitOf(userIds[i], sessionIds[i]);
        this.#visits.add({ unit, itemId: itemIds[i]!, type: types[i]!, timeS: timesS[i]! }, nowS);
      }
    }
  }

  /** Publishes lists that changed, up to 2,000 of them; returns how many. */
  async publish(fast: Pick<FastStores, 'live' | 'answers'>, isMine: (itemId: string) => boolean): Promise<number> {
    const visits = this.#visits;
    const lists = visits.takeChanged(this.#nowS(), LISTS_MAX, isMine);
    if (lists.items.length === 0) return 0;
    try {
      await fast.live.publish([lists]);
    } catch (error) {
      visits.touch(lists.items.map(({ itemId }) => itemId));
      throw error;
    }
    await fast.answers.outdate('similar-products');
    return lists.items.length;
  }
}

const unitOf = (userId: string | null | undefined, sessionId: string | null | undefined): string =>
  userId == null ? `s:${sessionId}` : `u:${userId}`;
