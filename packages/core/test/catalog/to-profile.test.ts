import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { createProfile, toProfile } from '../../src/catalog/to-profile.ts';
import { itemsToArrow } from '../../src/catalog/write-items.ts';

const catalog = Catalog.fromArrow(
  itemsToArrow(
    ['a', 'b', '__proto__'].map((itemId) => ({
      itemId,
      title: '',
      category: '',
      brand: '',
      price: 1,
      createdAtS: 0,
      available: true,
    })),
  ),
);

describe('profile in rows', () => {
  it('holds the newest known events that fit, oldest first', () => {
    const ids = fc.array(fc.constantFrom('a', 'b', '__proto__', 'gone', 'constructor'), { maxLength: 20 });
    fc.assert(
      fc.property(ids, fc.integer({ min: 0, max: 12 }), (itemIds, room) => {
        const events = {
          itemIds,
          types: Uint8Array.from(itemIds, (_, i) => 1 + (i % 5)),
          timesS: Float64Array.from(itemIds, (_, i) => 100 + i),
        };
        const profile = createProfile(room);
        profile.length = room;
        toProfile(events, catalog, profile);
        const known = [...itemIds.keys()].filter((i) => catalog.rowOf(itemIds[i]!) >= 0);
        const kept = known.slice(Math.max(0, known.length - room));
        expect(profile.length).toBe(kept.length);
        expect([...profile.rows.subarray(0, profile.length)]).toEqual(kept.map((i) => catalog.rowOf(itemIds[i]!)));
        expect([...profile.types.subarray(0, profile.length)]).toEqual(kept.map((i) => events.types[i]));
        expect([...profile.timesS.subarray(0, profile.length)]).toEqual(kept.map((i) => events.timesS[i]));
      }),
    );
  });
});
