import type { ProfileEvents } from '../../contracts/profile.ts';
import type { ProfileEvent } from '../profile-cache.ts';
import type { KeyedProfileEvents } from '../profile-store.ts';

/**
 * Members of a cached profile, a sorted set by time:
 *
 *   event      [type u8, 1..255][first 8 bytes of the event key][item id, utf8]   score: unix seconds
 *   sentinel   [0][events kept, decimal]:[epoch]                                  score: +inf, so it is the last
 *
 * The same event is the same member, so adding it again changes nothing. Of equal times Redis orders by bytes: by type,
 * then key. Up to 128 members of at most 64 bytes Redis keeps in one packed list.
 */
const HEADER_BYTES = 9;

/** Arguments of ZADD: score and member, alternating. */
export function memberArguments(events: Iterable<ProfileEvent>): (string | Buffer)[] {
  const list: (string | Buffer)[] = [];
  for (const { key, itemId, type, timeS } of events) list.push(String(timeS), memberOf(key, type, itemId));
  return list;
}

export function* eventsOf({ keys, itemIds, types, timesS }: KeyedProfileEvents): Generator<ProfileEvent> {
  for (let i = 0; i < keys.length; i++) {
    yield { key: keys[i]!, itemId: itemIds[i]!, type: types[i]!, timeS: timesS[i]! };
  }
}

function memberOf(key: string, type: number, itemId: string): Buffer {
  const member = Buffer.allocUnsafe(HEADER_BYTES + Buffer.byteLength(itemId));
  member[0] = type;
  member.write(key, 1, 8, 'hex');
  member.write(itemId, HEADER_BYTES);
  return member;
}

/** What the sentinel says: under which epoch the profile is whole, down to how many events. */
export function parseSentinel(member: Buffer | undefined): { readonly kept: number; readonly epoch: string } | null {
  if (member?.[0] !== 0) return null;
  const text = member.toString('latin1', 1);
  const colon = text.indexOf(':');
  return { kept: Number(text.slice(0, colon)), epoch: text.slice(colon + 1) };
}

/** The events of a reply of ZREVRANGE WITHSCORES: sentinel and its score first, then events, newest first. */
export function decodeMembers(reply: readonly Buffer[]): ProfileEvents {
  const count = reply.length / 2 - 1;
  const itemIds = new Array<string>(count);
  const types = new Uint8Array(count);
  const timesS = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const at = 2 * (count - i);
    const member = reply[at]!;
    types[i] = member[0]!;
    itemIds[i] = member.toString('utf8', HEADER_BYTES);
    timesS[i] = Number(reply[at + 1]!.toString('latin1'));
  }
  return { itemIds, types, timesS };
}
