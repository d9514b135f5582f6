import { unitKeyOf, type KeyedProfileEvents, type ProfileStore, type ProfileUnit } from '../profile-store.ts';
import type { Session } from './session.ts';

/** Function `recent_events` looks into the partitions of the days on which the unit was active. */
const RECENT = {
  // A name makes it a prepared statement: parsed once per connection.
  name: 'recent_events',
  text: 'SELECT item_id, type, occurred_s, event_key FROM recent_events($1, $2)',
  rowMode: 'array' as const,
};

/** Profiles read from the event log; one index range scan for each of the newest active days that are needed. */
export class PostgresProfileStore implements ProfileStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async recent(unit: ProfileUnit, max: number): Promise<KeyedProfileEvents> {
    const values = [unitKeyOf(unit), max];
    const { rows } = await this.#session.queryable.query<[string, number, number, string]>({ ...RECENT, values });
    const count = rows.length;
    const keys = new Array<string>(count);
    const itemIds = new Array<string>(count);
    const types = new Uint8Array(count);
    const timesS = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      const [itemId, type, timeS, key] = rows[count - 1 - i]!;
      keys[i] = key.replaceAll('-', '').slice(0, 16);
      itemIds[i] = itemId;
      types[i] = type;
      timesS[i] = timeS;
    }
    return { keys, itemIds, types, timesS };
  }
}
