import type { AnswerCache, CachedAnswer } from '../answer-cache.ts';
import type { RedisConnection } from './connection.ts';

/**
 * `c:<name>:<key>` holds an answer behind the version that it was made under, `cv:<name>` the present version: both are
 * read in one command, and counting the version up outdates all answers of the name at once.
 */
export class RedisAnswerCache implements AnswerCache {
  readonly #connection: RedisConnection;
  readonly #random: () => number;

  constructor(connection: RedisConnection, random: () => number = Math.random) {
    this.#connection = connection;
    this.#random = random;
  }

  read(name: string, key: string): Promise<CachedAnswer> {
    return this.#connection.run(async () => {
      const [present, stored] = await this.#connection.client.mget(this.#versionKey(name), this.#key(name, key));
      const version = present ?? '0';
      const isPresent = stored?.startsWith(`${version} `) === true;
      return { value: isPresent ? stored.slice(version.length + 1) : null, version };
    });
  }

  async write(name: string, key: string, answer: { version: string; value: string; ttlS: number }): Promise<void> {
    const { version, value, ttlS } = answer;
    // Answers that are made together do not expire together.
    const lifetimeMs = Math.max(1, Math.round(ttlS * 1000 * (0.9 + 0.1 * this.#random())));
    await this.#connection.run(() =>
      this.#connection.client.set(this.#key(name, key), `${version} ${value}`, 'PX', lifetimeMs),
    );
  }

  async outdate(name: string): Promise<void> {
    await this.#connection.run(() => this.#connection.client.incr(this.#versionKey(name)));
  }

  #key(name: string, key: string): string {
    return this.#connection.key(`c:${name}:${key}`);
  }

  #versionKey(name: string): string {
    return this.#connection.key(`cv:${name}`);
  }
}
