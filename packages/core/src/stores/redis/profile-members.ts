import type { ProfileEvents } from '../../contracts/profile.ts';
import type { ProfileEvent } from '../profile-cache.ts';
import type { KeyedProfileEvents } from '../profile-store.ts';

/**
 * Members of a cached profile, a sorted set by time:
 *
 *   event      [type u8, 1..255][first 8 bytes of the event key][unix seconds f64][bytes of the id u16][item id, utf8]
 *   sentinel   [0][bytes of the text u16][events kept, decimal]:[epoch]      score: +inf, so it is the last
 *
 * The same event is the same member, so adding it again changes nothing. Of equal times Redis orders by bytes: by type,
 * then key. Members say where they end and when they were, so that a read is one string of all of them: 202 strings and
 * numbers cost the reader several times as much (packages/serving/bench/profiles.bench.ts). Up to 128 members of at most
 * 64 bytes Redis keeps in one packed list.
 */
const KEY_AT = 1;
const TIME_AT = 9;
const LENGTH_AT = 17;
const ID_AT = 19;

/** Arguments of ZADD: score and member, alternating. */
export function memberArguments(events: Iterable<ProfileEvent>): (string | Buffer)[] {
  const list: (string | Buffer)[] = [];
  for (const event of events) list.push(String(event.timeS), memberOf(event));
  return list;
}

export function* eventsOf({ keys, itemIds, types, timesS }: KeyedProfileEvents): Generator<ProfileEvent> {
  for (let i = 0; i < keys.length; i++) {
    yield { key: keys[i]!, itemId: itemIds[i]!, type: types[i]!, timeS: timesS[i]! };
  }
}

function memberOf({ key, type, timeS, itemId }: ProfileEvent): Buffer {
  const idBytes = Buffer.byteLength(itemId);
  const member = Buffer.allocUnsafe(ID_AT + idBytes);
  member[0] = type;
  member.write(key, KEY_AT, 8, 'hex');
  member.writeDoubleBE(timeS, TIME_AT);
  member.writeUInt16BE(idBytes, LENGTH_AT);
  member.write(itemId, ID_AT);
  return member;
}

export interface PackedProfile {
  /** Under which epoch the profile is whole, down to how many events. */
  readonly epoch: string;
  readonly kept: number;
  readonly events: ProfileEvents;
}

/** Members that were read as one string, newest first, the sentinel before them; null when it is not there. */
export function unpackProfile(packed: Buffer): PackedProfile | null {
  if (packed.length === 0 || packed[0] !== 0) return null;
  const start = 3 + packed.readUInt16BE(1);
  const text = packed.toString('latin1', 3, start);
  const colon = text.indexOf(':');
  let count = 0;
  for (let at = start; at < packed.length; at += ID_AT + packed.readUInt16BE(at + LENGTH_AT)) count += 1;
  const itemIds = new Array<string>(count);
  const types = new Uint8Array(count);
  const timesS = new Float64Array(count);
  let at = start;
  for (let i = count - 1; i >= 0; i--) {
    const end = at + ID_AT + packed.readUInt16BE(at + LENGTH_AT);
    types[i] = packed[at]!;
    timesS[i] = packed.readDoubleBE(at + TIME_AT);
    itemIds[i] = packed.toString('utf8', at + ID_AT, end);
    at = end;
  }
  return { kept: Number(text.slice(0, colon)), epoch: text.slice(colon + 1), events: { itemIds, types, timesS } };
}
