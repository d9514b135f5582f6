import { expect, test } from 'vitest';
import type { StoredItem } from '@shortlist/core/stores/item-store.ts';
import type { TransactionalStores } from '@shortlist/core/stores/stores.ts';
import { collect, item } from './rows.ts';

export function testLiveItems(stores: () => TransactionalStores): void {
  const stored = async (itemId: string): Promise<StoredItem> => (await stores().items.get([itemId]))[0]!;

  test('an item may be served when it is offered, in stock or not counted, not hidden and not deleted', async () => {
    const { items } = stores();
    await items.put([item('a'), { ...item('b'), stock: 3 }, item('c', { available: false })]);
    expect(await Promise.all(['a', 'b', 'c'].map(async (id) => (await stored(id)).available))).toEqual([
      true,
      true,
      false,
    ]);
    expect(await items.patch([{ itemId: 'b', stock: 0 }])).toEqual(['updated']);
    expect(await stored('b')).toMatchObject({ available: false, offered: true, stock: 0 });
    await items.patch([{ itemId: 'b', stock: 1 }]);
    expect((await stored('b')).available).toBe(true);
    await items.patch([{ itemId: 'a', hidden: true }]);
    expect((await stored('a')).available).toBe(false);
    await items.patch([{ itemId: 'a', hidden: false }]);
    expect((await stored('a')).available).toBe(true);
    // A catalogue feed that knows no stock leaves it.
    await items.patch([{ itemId: 'b', stock: 0 }]);
    await items.put([item('b', { title: 'New' })]);
    expect(await stored('b')).toMatchObject({ available: false, stock: 0, title: 'New' });
    const streamed = (await collect(items.stream())).flat();
    expect(streamed.map(({ itemId, available }) => [itemId, available])).toEqual([
      ['a', true],
      ['b', false],
      ['c', false],
    ]);
  });

  test('a deleted item stays known, is served no more, and is there again when it is sent again', async () => {
    const { items } = stores();
    await items.put([item('a'), item('b')]);
    expect(await items.patch([{ itemId: 'a', deleted: true }])).toEqual(['updated']);
    expect(await stored('a')).toMatchObject({ deleted: true, available: false });
    expect(await items.count()).toBe(1);
    expect(await items.put([item('a')])).toEqual(['updated']);
    expect(await stored('a')).toMatchObject({ deleted: false, available: true });
  });

  test('a patch changes what it names, in order, and knows what is missing', async () => {
    const { items } = stores();
    await items.put([{ ...item('a'), attributes: { colour: 'red' } }]);
    const outcomes = await items.patch([
      { itemId: 'a', price: 3.1 },
      { itemId: 'nobody', price: 1 },
      { itemId: 'a', price: 3.1 },
      { itemId: 'a', title: 'Second', stock: null },
    ]);
    expect(outcomes).toEqual(['updated', 'missing', 'unchanged', 'updated']);
    const expected = { ...item('a'), title: 'Second', price: Math.fround(3.1), attributes: { colour: 'red' } };
    expect(await stored('a')).toMatchObject(expected);
  });

  test('the newest state wins, in whatever order it comes', async () => {
    const { items } = stores();
    const at = (sourceVersion: number, price: number) => ({ ...item('a', { price }), sourceVersion });
    expect(await items.put([at(2, 20)])).toEqual(['inserted']);
    expect(await items.put([at(1, 10)])).toEqual(['stale']);
    expect(await items.patch([{ itemId: 'a', price: 10, sourceVersion: 1.5 }])).toEqual(['stale']);
    expect(await items.put([at(3, 30), at(2.5, 25)])).toEqual(['updated', 'stale']);
    // Of equal ones the last to come; one without a version is taken as it comes.
    expect(await items.put([at(3, 31)])).toEqual(['updated']);
    expect(await items.patch([{ itemId: 'a', price: 32 }])).toEqual(['updated']);
    expect(await stored('a')).toMatchObject({ price: 32, sourceVersion: 3 });
  });

  test('versions grow with every change and with nothing else, also when many write at once', async () => {
    const { items } = stores();
    await items.put([item('a'), item('b')]);
    const before = await stored('a');
    expect(await items.put([item('a')])).toEqual(['unchanged']);
    expect((await stored('a')).version).toBe(before.version);
    const ids = ['a', 'b', 'c', 'd'];
    await Promise.all(
      Array.from({ length: 40 }, (_, i) => {
        const writes = ids.map((id) => item(id, { price: i + 1 }));
        return items.put(i % 2 === 0 ? writes : writes.reverse());
      }),
    );
    const after = (await collect(items.snapshot())).flat();
    expect(after.map(({ itemId }) => itemId)).toEqual(ids);
    expect(new Set(after.map(({ price }) => price)).size).toBe(1);
    for (const { version } of after) expect(version).toBeGreaterThan(before.version);
    await items.put([item('a', { price: 99 })]);
    expect((await stored('a')).version).toBeGreaterThan(after[0]!.version);
  });
}
