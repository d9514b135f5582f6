import { unitKeyOf } from '@shortlist/core/stores/profile-store.ts';
import type { Unit } from '../../ranking-request.ts';
import type { CacheTier } from './cache-tier.ts';
import type { LogTier } from './log-tier.ts';
import type { SlowerProfiles } from './profile-cache.ts';
import type { ProfileRead } from './profile-read.ts';

/** Redis, then the event log, whose answer Redis is filled with. Without Redis the log alone answers. */
export class TieredProfiles implements SlowerProfiles {
  readonly #cache: CacheTier | null;
  readonly #log: LogTier;

  constructor(cache: CacheTier | null, log: LogTier) {
    this.#cache = cache;
    this.#log = log;
  }

  async recent(unit: Unit, max: number): Promise<ProfileRead> {
    if (this.#cache === null) {
      return { events: await this.#log.read(unit, max), tier: 'log', withoutCache: false };
    }
    const key = unitKeyOf(unit);
    const cached = await this.#cache.read(key, max);
    if (cached?.ticket === null) return { events: cached.events, tier: 'redis', withoutCache: false };
    const events = await this.#log.read(unit, max);
    if (cached !== null) this.#cache.fill(key, cached.ticket, max, events);
    return { events, tier: 'log', withoutCache: cached === null };
  }

  status(): Readonly<Record<string, unknown>> {
    return { redis: this.#cache?.status() ?? null, log: this.#log.status() };
  }
}
