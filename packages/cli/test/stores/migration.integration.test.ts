import { expect, test } from 'vitest';
import { migrate } from '@shortlist/core/stores/postgres/migrate.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { backToFirstVersion } from '../../../core/test/stores/first-version.ts';
import { collect, event } from '../../../core/test/stores/rows.ts';
import { withDatabase } from '../../src/workspace/database.ts';
import { temporaryWorkspace } from '../workspace/temporary-workspace.ts';

test('a database of the first version keeps its events, their order and their ids, and its items', async () => {
  const workspace = temporaryWorkspace();
  try {
    await withDatabase(workspace.environment, 'old', async ({ pool }) => {
      const later = await backToFirstVersion(pool);
      await pool.query(`INSERT INTO events (event_id, user_id, session_id, item_id, type, occurred_at, value, position)
        SELECT 'e' || i, CASE WHEN i % 3 > 0 THEN 'u1' END, CASE WHEN i % 3 < 2 THEN 's1' END, 'i' || i, 1,
          timestamptz '2024-02-28 23:59:58+00' + i / 2 * interval '1 second', i, i
        FROM generate_series(0, 9) AS i`);
      await pool.query(`INSERT INTO items (item_id, title, category, brand, price, available, created_at)
        VALUES ('a', 'A', '', '', 1, true, now()), ('b', 'B', '', '', 1, false, now())`);

      expect(await migrate(pool)).toHaveLength(later);
      const { events, items, profiles, retention } = postgresStores(pool);
      const [batch, ...more] = await collect(events.stream());
      expect(more).toEqual([]);
      expect(batch!.itemIds).toEqual(Array.from({ length: 10 }, (_, i) => `i${i}`));
      expect([...batch!.values]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(await retention.partitions()).toHaveLength(2);
      expect((await profiles.recent({ sessionId: 's1' }, 3)).itemIds).toEqual(['i6', 'i7', 'i9']);
      const [first, last] = [Date.UTC(2024, 1, 28, 23, 59, 58) / 1000, Date.UTC(2024, 1, 29, 0, 0, 2) / 1000];
      const again = [
        event('e0', { userId: null, sessionId: 's1', itemId: 'i0', occurredAtS: first }),
        event('e9', { userId: null, sessionId: 's1', itemId: 'i9', occurredAtS: last }),
        event('new', { occurredAtS: last }),
      ];
      expect(await events.append(again)).toEqual({ inserted: 1, duplicates: 2, conflicts: 0 });
      // What comes now comes after what was there.
      expect((await collect(events.stream())).flatMap(({ itemIds }) => itemIds).at(-1)).toBe('i1');
      expect((await items.get(['a', 'b'])).map(({ itemId, available }) => [itemId, available]).sort()).toEqual([
        ['a', true],
        ['b', false],
      ]);
    });
  } finally {
    await workspace.remove();
  }
});
