import { Redis } from 'ioredis';
import { ShortlistError } from '../../contracts/errors.ts';

export interface RedisConnectionOptions {
  /** Whose keys: every key begins with `sl:<dataset>:`. */
  readonly dataset: string;
  /** How long a command may take, ms; default 1,000. Serving gives its reads less. */
  readonly commandTimeoutMs?: number;
  /** How long connecting may take, ms; default 1,000. */
  readonly connectTimeoutMs?: number;
  /** A connection that is owed an answer and hears nothing for so long is replaced, ms; default 3,000. */
  readonly silenceMs?: number;
  /** What `CLIENT LIST` shows. */
  readonly name?: string;
}

const RECONNECT_MS = { first: 50, max: 1_000 };

/**
 * One connection to Redis or Valkey, kept up by itself: it reconnects for ever, with jitter, at most every 1.5 s.
 * Nothing is queued while it is down and nothing is sent twice: a command fails at once or within its time limit, since
 * who asks has another way (PostgreSQL, computing) and a queue would only grow.
 */
export class RedisConnection {
  readonly client: Redis;
  readonly prefix: string;
  readonly #url: string;
  readonly #options: RedisConnectionOptions;
  readonly #started: Promise<void>;
  #runId: string | undefined;
  #lastFailure: Error | undefined;

  constructor(url: string, options: RedisConnectionOptions) {
    this.#url = url;
    this.#options = options;
    this.prefix = `sl:${options.dataset}:`;
    this.client = new Redis(url, optionsOf(options));
    // What a command says of a lost connection is only that it is lost; this is why.
    this.client.on('error', (error: Error) => (this.#lastFailure = error));
    this.client.on('close', () => (this.#runId = undefined));
    // Goes out before any other command of the new connection, so that their answers find it known.
    this.client.on('ready', () => {
      this.#lastFailure = undefined;
      this.client.info('server').then(
        (info) => (this.#runId = /^run_id:(\w+)/m.exec(info)?.[1] ?? 'unknown'),
        () => this.client.disconnect(true),
      );
    });
    this.#started = new Promise((resolve) => {
      this.client.once('ready', () => resolve());
      this.client.once('error', () => resolve());
      // Closed before it was open.
      this.client.once('end', () => resolve());
    });
  }

  /** Which run of the server this is: another one may have lost what was written. Undefined while not connected. */
  get runId(): string | undefined {
    return this.#runId;
  }

  key(name: string): string {
    return this.prefix + name;
  }

  /** Throws the coded error unless the server answers. Waits for the first attempt to connect. */
  async check(): Promise<void> {
    await this.#started;
    await this.run(() => this.client.ping());
  }

  /** Runs commands; what they throw comes out coded (`redis_unreachable`, `redis_timeout`, `redis_refused`). */
  async run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw codedRedisError(error, this.#url, this.#lastFailure);
    }
  }

  /** A further connection to the same place, for what blocks: subscriptions and tails. */
  another(options: Partial<RedisConnectionOptions>): RedisConnection {
    return new RedisConnection(this.#url, { ...this.#options, ...options });
  }

  close(): void {
    this.client.disconnect();
  }
}

function optionsOf({ commandTimeoutMs, connectTimeoutMs, silenceMs, name }: RedisConnectionOptions) {
  return {
    protocol: 2 as const,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    enableAutoPipelining: false,
    // A subscription is renewed by its owner, who has to know.
    autoResubscribe: false,
    connectTimeout: connectTimeoutMs ?? 1_000,
    commandTimeout: commandTimeoutMs ?? 1_000,
    socketTimeout: silenceMs ?? 3_000,
    retryStrategy: (attempt: number) => {
      const delayMs = Math.min(RECONNECT_MS.max, RECONNECT_MS.first * 2 ** Math.min(attempt - 1, 10));
      return Math.round(delayMs * (0.5 + Math.random()));
    },
    // A replica that was the primary a moment ago refuses writes: ask the address again.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
    ...(name === undefined ? {} : { connectionName: name }),
  };
}

const UNREACHABLE = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EPIPE'],
]);
/** Messages of `ioredis` that carry no code, and those of a server that is not ready to serve. */
const LOST =
  /isn't writeable|Connection is closed|Command aborted|max retries per request|Socket timeout|^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|BUSY)\b/;
const REFUSED = /^(NOAUTH|WRONGPASS|NOPERM|OOM|MISCONF)\b/;

/**
 * The coded error for what Redis or its connection threw; anything else comes back unchanged, since it is a bug.
 * `lastFailure`: what the connection itself met last.
 */
function codedRedisError(error: unknown, url: string, lastFailure: Error | undefined): unknown {
  if (!(error instanceof Error) || error instanceof ShortlistError) return error;
  const isLost = UNREACHABLE.has((error as NodeJS.ErrnoException).code ?? '') || LOST.test(error.message);
  const cause = isLost && lastFailure !== undefined ? lastFailure : error;
  const { hostname: host, port } = new URL(url);
  const details = { host, port: port === '' ? '6379' : port, reason: cause.message.replace(/\.$/, '') };
  if (cause.message === 'Command timed out') return new ShortlistError('redis_timeout', details, { cause });
  if (REFUSED.test(cause.message)) return new ShortlistError('redis_refused', details, { cause });
  if (!isLost) return error;
  const hint = 'Start it, or correct REDIS_URL.';
  return new ShortlistError('redis_unreachable', { ...details, hint }, { cause });
}
