import type { KeyedProfileEvents, ProfileStore, ProfileUnit } from '../profile-store.ts';
import type { Session } from './session.ts';

const recentOf = (column: 'user_id' | 'session_id') => ({
  // A name makes it a prepared statement: planned once per connection.
  name: `recent_${column}`,
  text: `SELECT item_id, type, date_part('epoch', occurred_at), left(replace(event_key::text, '-', ''), 16) FROM events
    WHERE ${column} = $1 ORDER BY occurred_at DESC, seq DESC LIMIT $2`,
  rowMode: 'array' as const,
});
const RECENT_OF_USER = recentOf('user_id');
const RECENT_OF_SESSION = recentOf('session_id');

/** Profiles read from the event log; one index range scan each. */
export class PostgresProfileStore implements ProfileStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async recent(unit: ProfileUnit, max: number): Promise<KeyedProfileEvents> {
    const [statement, id] = 'userId' in unit ? [RECENT_OF_USER, unit.userId] : [RECENT_OF_SESSION, unit.sessionId];
    const { rows } = await this.#session.queryable.query<[string, number, number, string]>({
      ...statement,
      values: [id, max],
    });
    const count = rows.length;
    const keys = new Array<string>(count);
    const itemIds = new Array<string>(count);
    const keys = new Array<string>(count);
    const types = new Uint8Array(count);
    const timesS = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      const [itemId, type, timeS, key] = rows[count - 1 - i]!;
      keys[i] = key;
      itemIds[i] = itemId;
      keys[i] = key.replaceAll('-', '').slice(0, 16);
      types[i] = type;
      timesS[i] = timeS;
    }
    return { keys, itemIds, types, timesS };
  }
}
