import type { Subscription } from '../invalidations.ts';
import type { RedisConnection } from './connection.ts';

/** How often a subscription asks whether it is still heard, and how long it waits for the answer. */
const PULSE_MS = 500;

export interface ChannelListener {
  /** Of the connection, for `CLIENT LIST`. */
  readonly name: string;
  onMessage(message: string): void;
  /** Messages are heard from now on; some may have been missed before. */
  onHeard(): void;
  /** From now on messages may be missed; `onHeard` follows when they are heard again. */
  onLost(): void;
}

/**
 * A connection of its own that listens. Being subscribed is not enough to be heard (a server may hang, a wire may be cut),
 * so it subscribes again and again, which changes nothing but is answered.
 */
export class ChannelSubscription implements Subscription {
  readonly #connection: RedisConnection;
  readonly #channel: string;
  readonly #listener: ChannelListener;
  readonly #timer: NodeJS.Timeout;
  #live = false;
  #closed = false;
  #asking = false;

  constructor(connection: RedisConnection, channel: string, listener: ChannelListener) {
    this.#connection = connection.another({ name: listener.name, commandTimeoutMs: PULSE_MS });
    this.#channel = channel;
    this.#listener = listener;
    const { client } = this.#connection;
    client.on('message', (_channel: string, message: string) => {
      // One that was on its way when the subscription was closed.
      if (!this.#closed) listener.onMessage(message);
    });
    client.on('ready', () => void this.#ask());
    client.on('close', () => this.#lose());
    this.#timer = setInterval(() => void this.#ask(), PULSE_MS).unref();
  }

  get live(): boolean {
    return this.#live;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#connection.close();
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      await this.#connection.client.subscribe(this.#channel);
      if (this.#live || this.#closed) return;
      this.#live = true;
      this.#listener.onHeard();
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
