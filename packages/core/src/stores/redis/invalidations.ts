import type { InvalidationListener, Invalidations, Subscription } from '../invalidations.ts';
import type { UnitKey } from '../profile-store.ts';
import type { RedisConnection } from './connection.ts';

/** A unit begins with `u:` or `s:`, so this is none. */
const ALL = '*';
/** Units of one message. */
const UNITS_MAX = 5_000;
/** How often a subscription asks whether it is still heard, and how long it waits for the answer. */
const PULSE_MS = 500;

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
    return new RedisSubscription(this.#connection, this.#channel, listener);
  }

  async #send(units: readonly string[]): Promise<void> {
    await this.#connection.run(() => this.#connection.client.publish(this.#channel, JSON.stringify(units)));
  }
}

/**
 * A connection of its own that listens. Being subscribed is not enough to be heard (a server may hang, a wire may be cut),
 * so it subscribes again and again, which changes nothing but is answered.
 */
class RedisSubscription implements Subscription {
  readonly #connection: RedisConnection;
  readonly #channel: string;
  readonly #listener: InvalidationListener;
  readonly #timer: NodeJS.Timeout;
  #live = false;
  #asking = false;

  constructor(connection: RedisConnection, channel: string, listener: InvalidationListener) {
    this.#connection = connection.another({ name: 'shortlist-invalidations', commandTimeoutMs: PULSE_MS });
    this.#channel = channel;
    this.#listener = listener;
    const { client } = this.#connection;
    client.on('message', (_channel: string, message: string) => this.#hear(message));
    client.on('ready', () => void this.#ask());
    client.on('close', () => this.#lose());
    this.#timer = setInterval(() => void this.#ask(), PULSE_MS).unref();
  }

  get live(): boolean {
    return this.#live;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#connection.close();
  }

  #hear(message: string): void {
    const units = JSON.parse(message) as string[];
    if (units.includes(ALL)) this.#listener.onAll();
    else this.#listener.onUnits(units as UnitKey[]);
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      await this.#connection.client.subscribe(this.#channel);
      if (this.#live) return;
      this.#live = true;
      this.#listener.onAll();
    } catch {
      this.#lose();
    } finally {
      this.#asking = false;
    }
  }

  #lose(): void {
    if (!this.#live) return;
    this.#live = false;
    this.#listener.onLost();
  }
}
