import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CATEGORIES } from '../../src/generate/vocabulary.ts';
import { makeShop, scratchFolder, type EventLine } from './demo-shop.ts';

const scratch = await scratchFolder();
let shop: Awaited<ReturnType<typeof makeShop>>;
beforeAll(async () => {
  shop = await makeShop(scratch.path);
}, 60_000);
afterAll(scratch.remove);

const count = (type: string): number => shop.events.filter((event) => event.type === type).length;

describe('the default demo shop', () => {
  it('has exactly the promised numbers of items and events', () => {
    expect(shop.items).toHaveLength(1_000);
    expect(shop.events).toHaveLength(50_000);
    expect(new Set(shop.items.map((item) => item.item_id)).size).toBe(1_000);
    expect(new Set(shop.events.map((event) => event.event_id)).size).toBe(50_000);
  });

  it('has 80 / 15 / 5 % views, carts and purchases within a point', () => {
    expect(Math.abs(count('view') / 50_000 - 0.8)).toBeLessThan(0.01);
    expect(Math.abs(count('add_to_cart') / 50_000 - 0.15)).toBeLessThan(0.01);
    expect(Math.abs(count('purchase') / 50_000 - 0.05)).toBeLessThan(0.01);
  });

  it('is in time order and inside its window', () => {
    for (const { events: lines } of [shop, { events: shop.impressions }]) {
      const times = lines.map((line) => Date.parse(line.timestamp) / 1000);
      expect(times.every((time, index) => index === 0 || times[index - 1]! <= time)).toBe(true);
      expect(times[0]).toBeGreaterThanOrEqual(shop.description.data_from_s);
      expect(times.at(-1)).toBeLessThan(shop.description.data_until_s);
    }
  });

  it('has 150 known shoppers with several visits each, and anonymous visits', () => {
    const visits = new Map<string, Set<string>>();
    const anonymous = new Set<string>();
    for (const { user_id, session_id } of shop.events) {
      if (user_id === undefined) anonymous.add(session_id);
      else visits.set(user_id, (visits.get(user_id) ?? new Set()).add(session_id));
    }
    expect(visits.size).toBe(150);
    expect([...visits.values()].filter((sessions) => sessions.size >= 2).length).toBeGreaterThan(145);
    expect(anonymous.size).toBeGreaterThan(350);
  });

  it('lets a shopper spend 90 % of their events in one or two categories', () => {
    const categoryOf = new Map(shop.items.map((item) => [item.item_id, item.category]));
    const perUser = new Map<string, Map<string, number>>();
    for (const { user_id, item_id } of shop.events) {
      if (user_id === undefined) continue;
      const counts = perUser.get(user_id) ?? new Map<string, number>();
      const category = categoryOf.get(item_id)!;
      perUser.set(user_id, counts.set(category, (counts.get(category) ?? 0) + 1));
    }
    const shares = [...perUser.values()].map((counts) => {
      const sorted = [...counts.values()].sort((a, b) => b - a);
      return (sorted[0]! + (sorted[1] ?? 0)) / sorted.reduce((sum, n) => sum + n, 0);
    });
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    expect(mean).toBeGreaterThan(0.87);
    expect(mean).toBeLessThan(0.93);
  });

  it('puts a cart before each purchase and a view before each cart', () => {
    const seen = new Set<string>();
    for (const { session_id, item_id, type } of shop.events) {
      const before = { view: undefined, add_to_cart: 'view', purchase: 'add_to_cart' }[type];
      if (before !== undefined) expect(seen.has(`${session_id} ${item_id} ${before}`)).toBe(true);
      seen.add(`${session_id} ${item_id} ${type}`);
    }
  });

  it('sells nothing before it is created, and something that sold out stays so', () => {
    const items = new Map(shop.items.map((item) => [item.item_id, item]));
    for (const { item_id, timestamp } of shop.events) {
      expect(Date.parse(items.get(item_id)!.created_at)).toBeLessThanOrEqual(Date.parse(timestamp));
    }
    const soldOut = shop.items.filter((item) => !item.available);
    expect(soldOut.length).toBeGreaterThan(15);
    const lastDay = (shop.description.data_until_s - 43_200) * 1000;
    const late = new Set(shop.events.filter((event) => Date.parse(event.timestamp) > lastDay).map((e) => e.item_id));
    expect(soldOut.filter((item) => late.has(item.item_id)).length).toBeLessThanOrEqual(2);
  });

  it('gives new items during the window and titles a person can read', () => {
    const fresh = shop.items.filter((item) => Date.parse(item.created_at) / 1000 > shop.description.data_from_s);
    expect(fresh.length).toBeGreaterThan(120);
    for (const { title, brand } of shop.items) {
      expect(title).toContain(brand);
      expect(title).not.toMatch(/[{}]|undefined/);
    }
    expect(new Set(shop.items.map((item) => item.category))).toEqual(new Set(CATEGORIES.map(({ name }) => name)));
    expect(shop.items.every((item) => item.price > 0 && Number.isFinite(item.price))).toBe(true);
  });
});

describe('shown slates', () => {
  it('are answered by events that name slate and position truly', () => {
    const slates = new Map(shop.impressions.map((slate) => [slate.request_id, slate]));
    const clicked = shop.events.filter((event) => event.request_id !== undefined);
    expect(clicked.length).toBeGreaterThan(3_000);
    for (const event of clicked) {
      const slate = slates.get(event.request_id!)!;
      expect(slate.items[event.position! - 1]).toBe(event.item_id);
      expect(slate.session_id).toBe(event.session_id);
      expect(Date.parse(slate.timestamp)).toBeLessThan(Date.parse(event.timestamp));
    }
  });

  it('have propensities in (0, 1], one per item, and no item twice', () => {
    for (const { items, propensities } of shop.impressions) {
      expect(propensities).toHaveLength(items.length);
      expect(new Set(items).size).toBe(items.length);
      expect(propensities.every((propensity) => propensity > 0 && propensity <= 1)).toBe(true);
    }
  });

  it('are clicked more at the top: the position bias', () => {
    const clicks = (position: number): number =>
      shop.events.filter((event: EventLine) => event.type === 'view' && event.position === position).length;
    // The model's ratio is 5 ** 0.8 = 3.6; a slate's items are exchangeable enough for a wide band round it.
    expect(clicks(1) / clicks(5)).toBeGreaterThan(2.4);
    expect(clicks(1) / clicks(5)).toBeLessThan(5.5);
  });
});

describe('taste', () => {
  /** Mean NDCG@10 over known shoppers of `rank`, learned before the last week, on what they looked at in it. */
  function ndcg(rank: (user: string) => readonly string[], tested: Map<string, Set<string>>): number {
    const discount = (index: number): number => 1 / Math.log2(index + 2);
    let sum = 0;
    for (const [user, wanted] of tested) {
      const gain = rank(user).slice(0, 10);
      const found = gain.reduce((total, item, index) => total + (wanted.has(item) ? discount(index) : 0), 0);
      let best = 0;
      for (let index = 0; index < Math.min(10, wanted.size); index++) best += discount(index);
      sum += found / best;
    }
    return sum / tested.size;
  }

  it('can be learned: even counting own events beats the trend by far more than 1.5 times', () => {
    const cut = (shop.description.data_until_s - 7 * 86_400) * 1000;
    const trend = new Map<string, number>();
    const own = new Map<string, Map<string, number>>();
    const tested = new Map<string, Set<string>>();
    for (const { user_id, item_id, timestamp } of shop.events) {
      const at = Date.parse(timestamp);
      if (at >= cut) {
        if (user_id !== undefined) tested.set(user_id, (tested.get(user_id) ?? new Set()).add(item_id));
        continue;
      }
      if (at >= cut - 7 * 86_400_000) trend.set(item_id, (trend.get(item_id) ?? 0) + 1);
      if (user_id === undefined) continue;
      const counts = own.get(user_id) ?? new Map<string, number>();
      own.set(user_id, counts.set(item_id, (counts.get(item_id) ?? 0) + 1));
    }
    const top = (counts: Map<string, number> | undefined) =>
      [...(counts ?? [])].sort((a, b) => b[1] - a[1]).map(([item]) => item);
    const trending = top(trend);
    const byTrend = ndcg(() => trending, tested);
    const byOwn = ndcg((user) => top(own.get(user)), tested);
    expect(byOwn / byTrend).toBeGreaterThan(2.5);
  });
});
