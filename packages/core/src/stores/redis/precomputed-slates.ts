import type { PrecomputedSlates } from '../precomputed-slates.ts';
import type { RedisConnection } from './connection.ts';
import { execute } from './script.ts';

const AT_ONCE = 500;

/** `recommendations:user:<id>`. */
export class RedisPrecomputedSlates implements PrecomputedSlates {
  readonly #connection: RedisConnection;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  async write(slates: ReadonlyMap<string, string>, ttlS: number): Promise<void> {
    const all = [...slates];
    for (let start = 0; start < all.length; start += AT_ONCE) {
      const pipeline = this.#connection.client.pipeline();
      for (const [userId, slate] of all.slice(start, start + AT_ONCE))
        pipeline.set(this.#key(userId), slate, 'EX', ttlS);
      await this.#connection.run(() => execute(pipeline));
    }
  }

  read(userId: string): Promise<string | null> {
    return this.#connection.run(() => this.#connection.client.get(this.#key(userId)));
  }

  async remove(userIds: readonly string[]): Promise<void> {
    if (userIds.length === 0) return;
    await this.#connection.run(() => this.#connection.client.unlink(userIds.map((id) => this.#key(id))));
  }

  #key(userId: string): string {
    return this.#connection.key(`recommendations:user:${userId}`);
  }
}
