import { randomBytes } from 'node:crypto';
import type { ChainableCommander } from 'ioredis';
import type { FillTicket, ProfileCacheRead, ProfileCacheStore, ProfileEvent } from '../profile-cache.ts';
import type { KeyedProfileEvents, UnitKey } from '../profile-store.ts';
import type { RedisConnection } from './connection.ts';
import { eventsOf, memberArguments, unpackProfile } from './profile-members.ts';
import { APPLY, FILL, FORGET, READ, RENEW } from './profile-scripts.ts';
import { execute, Script } from './script.ts';

const DAY_MS = 86_400_000;
const LIFETIME_MS = 30 * DAY_MS;
/** Of a unit without events: visitors who never come back would fill the memory for a month. */
const EMPTY_LIFETIME_MS = 3_600_000;
/**
 * Generations are kept for this many groups of units, in one hash that has no lifetime: one of its own for every unit
 * could be evicted between a reader's look and its fill. Two units of a group at once cost a fill, no more.
 */
const GROUPS = 16_384;
/** Units whose calls are sent at once: the last of them must be answered within the time limit of a command. */
const PIPELINE_MAX = 500;
/** Units of one call that adds events: it holds the server for about as many times 5 us. */
const UNITS_PER_CALL = 50;
/** Events of one call: Lua unpacks a few thousand arguments at most. */
const EVENTS_MAX = 1_000;

/**
 * Profiles as sorted sets (profile-members.ts), `p:<unit>`. `epoch` names a stretch in which nothing was lost: it begins
 * with the id of the server's run, so that neither a restarted server nor a replica that took over is trusted with what
 * it kept; a profile says in its sentinel under which epoch it is whole.
 */
export class RedisProfileCache implements ProfileCacheStore {
  readonly #connection: RedisConnection;
  readonly #random: () => number;
  readonly #read: Script;
  readonly #apply: Script;
  readonly #fill: Script;
  readonly #forget: Script;
  readonly #renew: Script;
  readonly #epoch: string;
  readonly #generations: string;

  constructor(connection: RedisConnection, random: () => number = Math.random) {
    const { client } = connection;
    this.#connection = connection;
    this.#random = random;
    this.#epoch = connection.key('epoch');
    this.#generations = connection.key('generations');
    this.#read = new Script(client, { name: 'readProfile', lua: READ, keys: 3 });
    this.#apply = new Script(client, { name: 'applyToProfiles', lua: APPLY });
    this.#fill = new Script(client, { name: 'fillProfile', lua: FILL, keys: 3 });
    this.#forget = new Script(client, { name: 'forgetProfile', lua: FORGET, keys: 2 });
    this.#renew = new Script(client, { name: 'renewEpoch', lua: RENEW, keys: 1 });
  }

  read(unit: UnitKey, max: number): Promise<ProfileCacheRead> {
    return this.#connection.run(async () => {
      const [epochBytes, generation, packed] = (await this.#read.buffers(
        ...[this.#key(unit), this.#generations, this.#epoch],
        ...[groupOf(unit), max],
      )) as [Buffer, Buffer, Buffer];
      const epoch = epochBytes.toString('latin1');
      // Of the same connection as the answer: its id was asked for first.
      const { runId } = this.#connection;
      if (runId === undefined) throw new Error('Connection is closed.');
      const isOurs = epoch.startsWith(`${runId}:`);
      const profile = isOurs ? unpackProfile(packed) : null;
      if (profile?.epoch === epoch) {
        const isWhole = profile.kept >= max || profile.events.itemIds.length < profile.kept;
        if (isWhole) return { events: profile.events, ticket: null };
      }
      const valid = isOurs ? epoch : await this.#newEpoch(epoch);
      return { events: null, ticket: { epoch: valid, generation: generation.toString('latin1') } };
    });
  }

  fill(unit: UnitKey, ticket: FillTicket, max: number, events: KeyedProfileEvents): Promise<boolean> {
    const lifetimeMs = this.#jittered(events.keys.length === 0 ? EMPTY_LIFETIME_MS : LIFETIME_MS);
    return this.#connection.run(async () => {
      const kept = await this.#fill.run(
        ...[this.#key(unit), this.#generations, this.#epoch],
        ...[groupOf(unit), ticket.epoch, ticket.generation, lifetimeMs, max],
        ...memberArguments(eventsOf(events)),
      );
      return kept === 1;
    });
  }

  async apply(events: ReadonlyMap<UnitKey, readonly ProfileEvent[]>): Promise<void> {
    const calls: ApplyCall[] = [];
    let call: ApplyCall | undefined;
    for (const [unit, list] of events) {
      for (let start = 0; start < list.length; start += EVENTS_MAX) {
        const part = list.slice(start, start + EVENTS_MAX);
        if (call === undefined || call.keys.length >= UNITS_PER_CALL || call.events + part.length > EVENTS_MAX)
          calls.push((call = { keys: [], rest: [], events: 0 }));
        call.keys.push(this.#key(unit));
        call.rest.push(groupOf(unit), part.length, ...memberArguments(part));
        call.events += part.length;
      }
    }
    await this.#inPipelines(calls, PIPELINE_MAX / UNITS_PER_CALL, (pipeline, { keys, rest }) =>
      this.#apply.add(
        pipeline,
        ...[keys.length + 2, this.#generations, this.#epoch, ...keys],
        ...[newToken(), this.#jittered(LIFETIME_MS), ...rest],
      ),
    );
  }

  async forget(units: readonly UnitKey[]): Promise<void> {
    await this.#inPipelines(units, PIPELINE_MAX, (pipeline, unit) =>
      this.#forget.add(pipeline, this.#key(unit), this.#generations, groupOf(unit), newToken()),
    );
  }

  /** The new epoch ends all of them at once; their memory is given back afterwards. */
  forgetAll(): Promise<void> {
    return this.#connection.run(async () => {
      const { client } = this.#connection;
      await client.set(this.#epoch, this.#makeEpoch());
      let cursor = '0';
      do {
        const [next, keys] = await client.scan(cursor, 'MATCH', globOf(this.#connection.key('p:')), 'COUNT', 1_000);
        if (keys.length > 0) await client.unlink(...keys);
        cursor = next;
      } while (cursor !== '0');
    });
  }

  #key(unit: UnitKey): string {
    return this.#connection.key(`p:${unit}`);
  }

  #makeEpoch(): string {
    return `${this.#connection.runId ?? ''}:${newToken()}`;
  }

  async #newEpoch(seen: string): Promise<string> {
    return (await this.#renew.run(this.#epoch, seen, this.#makeEpoch())) as string;
  }

  #jittered(ms: number): number {
    return Math.round(ms * (0.9 + 0.2 * this.#random()));
  }

  async #inPipelines<T>(
    calls: readonly T[],
    max: number,
    add: (pipeline: ChainableCommander, call: T) => void,
  ): Promise<void> {
    for (let start = 0; start < calls.length; start += max) {
      const pipeline = this.#connection.client.pipeline();
      for (const call of calls.slice(start, start + max)) add(pipeline, call);
      await this.#connection.run(() => execute(pipeline));
    }
  }
}

/** Arguments of one call of APPLY. */
interface ApplyCall {
  readonly keys: string[];
  readonly rest: (string | number | Buffer)[];
  events: number;
}

const newToken = () => randomBytes(9).toString('base64url');

/** Group of a unit: FNV-1a of its UTF-16 code units. */
function groupOf(unit: UnitKey): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < unit.length; i++) hash = Math.imul(hash ^ unit.charCodeAt(i), 0x01000193);
  // The low bits of FNV alone are weak.
  return String(((hash >>> 16) ^ hash) & (GROUPS - 1));
}

/** A pattern of SCAN for keys that begin with `prefix`. */
const globOf = (prefix: string) => `${prefix.replaceAll(/[\\*?[\]]/g, '\\$&')}*`;
