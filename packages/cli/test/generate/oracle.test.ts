import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { itemId } from '../../src/generate/catalogue.ts';
import { appeal, clickProbability } from '../../src/generate/choice.ts';
import { loadOracle, type Oracle } from '../../src/generate/oracle.ts';
import { DEFAULT_PARAMETERS } from '../../src/generate/parameters.ts';
import { userId } from '../../src/generate/shoppers.ts';
import { Visits } from '../../src/generate/visit.ts';
import { makeShop, scratchFolder } from './demo-shop.ts';

const scratch = await scratchFolder();
let shop: Awaited<ReturnType<typeof makeShop>>;
let oracle: Oracle;
beforeAll(async () => {
  shop = await makeShop(scratch.path);
  oracle = await loadOracle(join(scratch.path, 'generator.json'));
}, 60_000);
afterAll(scratch.remove);

const [VIEW, CART, PURCHASE] = [1, 3, 5];

describe('the oracle', () => {
  it('expects what shoppers of the same shop really do with the first item of a slate', () => {
    // Other visits than those in the files: the stream differs, the choice model is the same.
    const { calibration, data_until_s } = shop.description;
    const shown = new Map<number, { user: number; row: number; expected: number }>();
    let expected = 0;
    let happened = 0;
    const weight: Record<number, number> = {
      [EVENT_CODE.view]: VIEW,
      [EVENT_CODE.add_to_cart]: CART,
      [EVENT_CODE.purchase]: PURCHASE,
    };
    const visits = new Visits({
      parameters: DEFAULT_PARAMETERS,
      items: oracle.items,
      shoppers: oracle.shoppers,
      calibration,
      stream: 'pilot',
      sink: {
        slate: ({ request, user, rows, timeS }) => {
          if (user >= oracle.shoppers.known) return;
          const value = oracle.preference(userId(user), itemId(rows[0]!), timeS);
          shown.set(request, { user, row: rows[0]!, expected: value });
          expected += value;
        },
        event: (event) => {
          if (event.position === 1 && shown.has(event.request)) happened += weight[event.type]!;
          return true;
        },
      },
    });
    const from = data_until_s - 30 * 86_400;
    for (let visit = 0; visit < 20_000; visit++) visits.play(visit, from + visit * 100);
    expect(shown.size).toBeGreaterThan(15_000);
    expect(happened / expected).toBeGreaterThan(0.93);
    expect(happened / expected).toBeLessThan(1.07);
  });

  it('agrees with the choice model it was made from', () => {
    const at = shop.description.data_until_s;
    const row = Array.from({ length: 1_000 }, (_, index) => index).find((index) => oracle.items.onSale(index, at))!;
    const click = clickProbability(appeal(oracle.items, oracle.shoppers, 3, row, at), shop.description.calibration);
    const value = oracle.preference(userId(3), itemId(row), at);
    expect(value).toBeGreaterThan(click * VIEW);
    expect(value).toBeLessThan(click * (VIEW + CART + PURCHASE));
    expect(oracle.preferences(userId(3), at)[row]).toBe(value);
  });

  it('is worth far more than the trend to a shopper who follows it', () => {
    const at = shop.description.data_until_s;
    const counts = new Map<string, number>();
    for (const { item_id } of shop.events.slice(-5_000)) counts.set(item_id, (counts.get(item_id) ?? 0) + 1);
    const trend = [...counts].sort((a, b) => b[1] - a[1]).map(([item]) => item);
    let best = 0;
    let trending = 0;
    for (let user = 0; user < 150; user++) {
      const values = oracle.preferences(userId(user), at).toSorted((a, b) => b - a);
      for (let slot = 0; slot < 10; slot++) best += values[slot]!;
      for (const item of trend.slice(0, 10)) trending += oracle.preference(userId(user), item, at);
    }
    expect(best / trending).toBeGreaterThan(3);
  });

  it('gives 0 for what is not on sale', () => {
    const soldOut = shop.items.find((item) => !item.available)!;
    expect(oracle.preference('user-00001', soldOut.item_id, shop.description.data_until_s)).toBe(0);
    const fresh = shop.items.find((item) => Date.parse(item.created_at) / 1000 > shop.description.data_from_s)!;
    expect(oracle.preference('user-00001', fresh.item_id, shop.description.data_from_s)).toBe(0);
  });

  it('says which id it does not know', () => {
    expect(() => oracle.preference('user-00151', 'item-000001', 0)).toThrow(/user-00151/);
    expect(() => oracle.preference('user-00001', 'item-001001', 0)).toThrow(/item-001001/);
    expect(() => oracle.preference('user-1', 'item-000001', 0)).toThrow(/user-1/);
    expect([oracle.knowsUser('user-00150'), oracle.knowsUser('session-00000001')]).toEqual([true, false]);
  });

  it('refuses a file that describes no shop', async () => {
    const path = join(scratch.path, 'other.json');
    await expect(loadOracle(path)).rejects.toMatchObject({ code: 'oracle_unusable' });
    await writeFile(path, '{"seed":42}');
    await expect(loadOracle(path)).rejects.toMatchObject({ code: 'oracle_unusable' });
  });
});
