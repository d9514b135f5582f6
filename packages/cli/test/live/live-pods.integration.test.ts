import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { killChildren, type ChildPod } from '../../../serving/test/child-pod.ts';
import { LiveShop, slateOf, statusOf } from './live-shop.ts';

let shop: LiveShop;
let pods: ChildPod[];
beforeAll(async () => {
  shop = await LiveShop.open();
  pods = [await shop.startPod(), await shop.startPod({ SHORTLIST_HTTP_SERVER: 'node' })];
});
afterAll(async () => {
  killChildren();
  await shop.close();
});
const WITHIN = { timeout: 15_000, interval: 20 };
const shown = async (pod: ChildPod, context: object = {}) =>
  (await slateOf(pod, context)).recommendations.map(({ item_id }) => item_id);
const inEveryPod = async (condition: (pod: ChildPod) => Promise<boolean>) => {
  for (const pod of pods) await expect.poll(() => condition(pod), WITHIN).toBe(true);
};
const shows = (itemId: string) => async (pod: ChildPod) => (await shown(pod)).includes(itemId);
const hides = (itemId: string) => async (pod: ChildPod) => !(await shown(pod)).includes(itemId);

describe('what happens in the shop reaches every pod', () => {
  // Not below: what sells out while Redis is away for more than a second is shown too long, and rightly counted.
  afterEach(async () => {
    for (const pod of pods) expect((await statusOf(pod)).live.leak_check.leaks).toBe(0);
  });

  it('an item that is sold out is gone from the slates, and back with its stock', async () => {
    await inEveryPod(shows('item-3'));
    await shop.send('PATCH', '/items/item-3', { stock: 0 });
    await inEveryPod(hides('item-3'));
    await shop.send('PATCH', '/items/item-3', { stock: 5 });
    await inEveryPod(shows('item-3'));
    await shop.send('DELETE', '/items/item-3', {});
    await inEveryPod(hides('item-3'));
  });

  it('a price holds in filters and answers', async () => {
    await shop.send('PATCH', '/items/item-4', { price: 777 });
    await inEveryPod(async (pod) => {
      const { recommendations } = await slateOf(pod, { filters: { min_price: 700 } });
      return recommendations.length === 1 && recommendations[0]!.metadata.price === 777;
    });
  });

  it('a new item is recommended, searched for and compared, in a category that no release knew', async () => {
    const item = { item_id: 'fern', title: 'A fern in a pot', category: 'plants', price: 12 };
    await shop.send('POST', '/items', item);
    await inEveryPod(async (pod) => (await shown(pod, { category: 'plants' })).includes('fern'));
    for (const pod of pods) {
      expect(await (await fetch(`${pod.url()}/products?search=fern`)).json()).toMatchObject({ total: 1 });
      expect((await fetch(`${pod.url()}/similar-products?product_id=fern`)).status).toBe(200);
      expect((await statusOf(pod)).live.new_rows).toBe(1);
    }
  });

  it('what people look at together trends and goes together', async () => {
    const at = new Date().toISOString();
    const events = Array.from({ length: 40 }, (_, visitor) =>
      ['item-50', 'item-31'].map((item_id) => ({
        event_id: `${visitor}-${item_id}`,
        session_id: `visitor-${visitor}`,
        item_id,
        type: 'view',
        timestamp: at,
      })),
    ).flat();
    await shop.send('POST', '/events', events);
    await inEveryPod(async (pod) => {
      const response = await fetch(`${pod.url()}/similar-products?product_id=item-50&k=5`);
      const { items } = (await response.json()) as { items: { item_id: string }[] };
      return items.some(({ item_id }) => item_id === 'item-31');
    });
    await inEveryPod(async (pod) => (await statusOf(pod)).live.counted_items === 2);
  });

  it('a pod that starts later knows all of it from the snapshot', async () => {
    const late = await shop.startPod();
    expect(await shown(late)).not.toContain('item-3');
    expect(await shown(late, { category: 'plants' })).toEqual(['fern']);
    expect((await statusOf(late)).live).toMatchObject({ snapshots: 1, new_rows: 1, counted_items: 2, failure: null });
    late.process.kill('SIGTERM');
    expect(await late.ended).toBe(0);
  });
});

describe('when Redis is away', () => {
  it('pods serve on, say how far behind they are, and catch up with what they missed', async () => {
    const pod = await shop.startPod({ SHORTLIST_LIVE_LAG_MAX_MS: '1000' });
    await shop.redis.kill();
    await expect.poll(async () => (await slateOf(pod)).degraded, WITHIN).toContain('live');
    expect((await statusOf(pod)).live).toMatchObject({ late: true, failure: expect.any(String) as string });
    expect(await (await fetch(`${pod.url()}/metrics`)).text()).toMatch(/shortlist_live_lag_seconds [1-9]/);
    // What happens meanwhile is in PostgreSQL, and on the stream that begins anew.
    await shop.send('PATCH', '/items/item-5', { stock: 0 });
    await shop.redis.start();
    await expect.poll(() => shown(pod), WITHIN).not.toContain('item-5');
    await expect.poll(async () => (await slateOf(pod)).degraded, WITHIN).not.toContain('live');
    expect((await statusOf(pod)).live).toMatchObject({ late: false, failure: null });
    pod.process.kill('SIGKILL');
    // The pods of the other tests have seen it too.
    await inEveryPod(hides('item-5'));
  });
});

describe('the leak check', () => {
  it('counts an item that a pod shows although it has long been out of stock, and only then', async () => {
    const pod = await shop.startPod();
    await shown(pod);
    await expect.poll(async () => (await statusOf(pod)).live.leak_check.slates_checked, WITHIN).toBeGreaterThan(0);
    expect((await statusOf(pod)).live.leak_check.leaks).toBe(0);
    // Behind everybody's back: no message, so no pod hears of it.
    await shop.database.pool.query(
      "UPDATE items SET hidden = true, updated_at = now() - interval '1 hour' WHERE item_id = 'item-6'",
    );
    expect(await shown(pod)).toContain('item-6');
    await expect.poll(async () => (await statusOf(pod)).live.leak_check.leaks, WITHIN).toBe(1);
    expect(await (await fetch(`${pod.url()}/metrics`)).text()).toContain('shortlist_out_of_stock_leaks_total 1');
    await expect.poll(() => pod.lines.map(({ msg }) => msg), WITHIN).toContain('served although out of stock');
    pod.process.kill('SIGKILL');
  });
});
