import { Gauge, type Registry } from 'prom-client';

/** A pool of pg. */
interface Pool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

/** Connections to PostgreSQL: a pool's queue hides a database that is too slow. Null where there is none. */
export function registerDatabase(registry: Registry, pool: () => Pool | null): void {
  new Gauge({
    name: 'shortlist_database_connections',
    help: 'Connections to PostgreSQL that are busy and idle, and callers that wait for one.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const known = pool();
      this.reset();
      if (known === null) return;
      this.set({ state: 'busy' }, known.totalCount - known.idleCount);
      this.set({ state: 'idle' }, known.idleCount);
      this.set({ state: 'waiting' }, known.waitingCount);
    },
  });
}
