import { expect, it } from 'vitest';
import { Catalog } from '@shortlist/core/catalog/catalog.ts';
import { itemsToArrow } from '@shortlist/core/catalog/write-items.ts';
import { rowsOfEvents } from '../../src/stages/2-profile/rows-of-events.ts';

const item = (itemId: string) => ({
  itemId,
  title: itemId,
  category: 'c',
  brand: 'b',
  price: 1,
  createdAtS: 0,
  available: true,
});
const catalogOf = (...ids: string[]) => Catalog.fromArrow(itemsToArrow(ids.map(item)), { spareRows: 2 });
const events = () => ({
  itemIds: ['b', 'new', 'a'],
  types: Uint8Array.from([1, 2, 1]),
  timesS: Float64Array.from([1, 2, 3]),
});

const rowsIn = ({ rows, length }: { rows: Int32Array; length: number }) => [...rows.subarray(0, length)];

it('translates once for a catalogue, and anew for another one or when it has got new items', () => {
  const [kept, first, second] = [events(), catalogOf('a', 'b'), catalogOf('b', 'new', 'a')];
  const profile = rowsOfEvents(kept, first);
  expect(rowsIn(profile)).toEqual([1, 0]);
  expect(rowsOfEvents(kept, first)).toBe(profile);
  expect(rowsIn(rowsOfEvents(kept, second))).toEqual([0, 1, 2]);
  expect(rowsIn(rowsOfEvents(kept, first))).toEqual([1, 0]);
  first.append(item('new'));
  expect(rowsIn(rowsOfEvents(kept, first))).toEqual([1, 2, 0]);
});
