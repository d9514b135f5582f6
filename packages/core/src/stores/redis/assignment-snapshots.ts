import type { AssignmentSnapshot } from '../../contracts/assignment-snapshot.ts';
import type { AssignmentSnapshots } from '../assignment-snapshots.ts';
import type { Subscription } from '../invalidations.ts';
import { ChannelSubscription } from './channel-subscription.ts';
import type { RedisConnection } from './connection.ts';
import { Script } from './script.ts';

/** KEYS: the hash; ARGV: version, text, channel, lineage. Of two publishers of a lineage the one with the newer version wins. */
const PUBLISH = `
local present = redis.call('HMGET', KEYS[1], 'version', 'lineage')
if present[1] and (present[2] or '') == ARGV[4] and tonumber(present[1]) > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'text', ARGV[2], 'lineage', ARGV[4])
redis.call('PUBLISH', ARGV[3], ARGV[1])
return 1`;

/** The hash `assignments` holds version, lineage and text; the channel of the same name tells the version of a new one. */
export class RedisAssignmentSnapshots implements AssignmentSnapshots {
  readonly #connection: RedisConnection;
  readonly #key: string;
  readonly #publish: Script;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
    this.#key = connection.key('assignments');
    this.#publish = new Script(connection.client, { name: 'slPublishAssignments', lua: PUBLISH, keys: 1 });
  }

  async publish(snapshot: AssignmentSnapshot): Promise<boolean> {
    const text = JSON.stringify(snapshot);
    const { version, lineage = '' } = snapshot;
    return (await this.#connection.run(() => this.#publish.run(this.#key, version, text, this.#key, lineage))) === 1;
  }

  read(): Promise<string | null> {
    return this.#connection.run(() => this.#connection.client.hget(this.#key, 'text'));
  }

  subscribe(onChange: () => void): Subscription {
    return new ChannelSubscription(this.#connection, this.#key, {
      name: 'shortlist-assignments',
      onMessage: onChange,
      onHeard: onChange,
      onLost: () => undefined,
    });
  }
}
