import { expect, test } from 'vitest';
import type { TransactionalStores } from '@shortlist/core/stores/stores.ts';

const level = (inventoryItemId: string, locationId: string, available: number, updatedAtS = 1_700_000_000) => ({
  inventoryItemId,
  locationId,
  available,
  updatedAtS,
});
const variant = (inventoryItemId: string, quantity: number, counted = true) => ({ inventoryItemId, counted, quantity });

/** What every webhook store keeps; `stores` gives empty ones. */
export function testWebhookStore(stores: () => TransactionalStores): void {
  test('a webhook is claimed once', async () => {
    const { webhooks } = stores();
    expect(await webhooks.claim('w1')).toBe(true);
    expect(await webhooks.claim('w1')).toBe(false);
    expect(await webhooks.pruneClaims(Date.now() / 1000 + 60)).toBe(1);
    expect(await webhooks.claim('w1')).toBe(true);
  });

  test('stock is the sum over variants and places, by the newest level of each', async () => {
    const { webhooks } = stores();
    expect(await webhooks.stockOf('shirt')).toBeNull();
    await webhooks.putVariants('shirt', [variant('red', 2), variant('blue', 5)]);
    expect(await webhooks.stockOf('shirt')).toBe(7);
    expect(await webhooks.putLevel(level('red', 'ams', 4))).toBe('shirt');
    await webhooks.putLevel(level('red', 'ber', 3));
    expect(await webhooks.stockOf('shirt')).toBe(12);
    await webhooks.putLevel(level('red', 'ams', 0, 1_700_000_010));
    await webhooks.putLevel(level('red', 'ams', 9, 1_700_000_005));
    expect(await webhooks.stockOf('shirt')).toBe(8);
  });

  test('what is owed at one place is not sold, and never counts below nothing', async () => {
    const { webhooks } = stores();
    await webhooks.putVariants('shirt', [variant('red', 2), variant('blue', 1)]);
    await webhooks.putLevel(level('red', 'ams', -3));
    expect(await webhooks.stockOf('shirt')).toBe(1);
  });

  test('a variant that is not counted makes the product endless; removed ones count no more', async () => {
    const { webhooks } = stores();
    await webhooks.putVariants('shirt', [variant('red', 0), variant('gift', 0, false)]);
    expect(await webhooks.stockOf('shirt')).toBeNull();
    await webhooks.putVariants('shirt', [variant('red', 0)]);
    expect(await webhooks.stockOf('shirt')).toBe(0);
  });

  test('a level may come before its product', async () => {
    const { webhooks } = stores();
    expect(await webhooks.putLevel(level('red', 'ams', 6))).toBeUndefined();
    await webhooks.putVariants('shirt', [variant('red', 2)]);
    expect(await webhooks.stockOf('shirt')).toBe(6);
  });
}
