import type { InvalidationListener, Invalidations, Subscription } from '../invalidations.ts';
import type { UnitKey } from '../profile-store.ts';
import { ChannelSubscription } from './channel-subscription.ts';
import type { RedisConnection } from './connection.ts';

/** A unit begins with `u:` or `s:`, so this is none. */
const ALL = '*';
/** Units of one message. */
const UNITS_MAX = 5_000;

/** Notices over the channel `profiles`: JSON arrays of units. */
export class RedisInvalidations implements Invalidations {
  readonly #connection: RedisConnection;
  readonly #channel: string;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
    this.#channel = connection.key('profiles');
  }

  async publish(units: readonly UnitKey[]): Promise<void> {
    for (let start = 0; start < units.length; start += UNITS_MAX) {
      await this.#send(units.slice(start, start + UNITS_MAX));
    }
  }

  publishAll(): Promise<void> {
    return this.#send([ALL]);
  }

  subscribe(listener: InvalidationListener): Subscription {
    return new ChannelSubscription(this.#connection, this.#channel, {
      name: 'shortlist-invalidations',
      onMessage: (message) => tell(listener, message),
      onHeard: () => listener.onAll(),
      onLost: () => listener.onLost(),
    });
  }

  async #send(units: readonly string[]): Promise<void> {
    await this.#connection.run(() => this.#connection.client.publish(this.#channel, JSON.stringify(units)));
  }
}

function tell(listener: InvalidationListener, message: string): void {
  const units = JSON.parse(message) as string[];
  if (units.includes(ALL)) listener.onAll();
  else listener.onUnits(units as UnitKey[]);
}
