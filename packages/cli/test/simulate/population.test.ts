import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EVENT_CODE, EVENT_WEIGHT } from '@shortlist/core/contracts/events.ts';
import { itemId } from '../../src/generate/catalogue.ts';
import { loadOracle, type Oracle } from '../../src/generate/oracle.ts';
import { Population } from '../../src/simulate/population.ts';
import { makeShop, scratchFolder } from '../generate/demo-shop.ts';

const scratch = await scratchFolder();
let oracle: Oracle;
let fromS: number;
beforeAll(async () => {
  const shop = await makeShop(scratch.path, { events: 5_000 });
  fromS = shop.description.data_until_s;
  oracle = await loadOracle(join(scratch.path, 'generator.json'));
}, 60_000);
afterAll(scratch.remove);

const people = (users: number, seed = 1) => Population.of(join(scratch.path, 'generator.json'), users, seed);
const USERS = 150;
const DAYS_14_S = 14 * 86_400;

it('gives what the oracle expects for the first position', async () => {
  const population = await people(USERS);
  let expected = 0;
  let happened = 0;
  let number = 0;
  for (const visit of population.visits(40_000, fromS, fromS + DAYS_14_S)) {
    const item = itemId((number * 7) % 1_000);
    const value = oracle.preference(visit.userId, item, visit.atS);
    if (value > 0) {
      expected += value;
      for (const { type } of population.react([item], visit, number)) happened += EVENT_WEIGHT[type]!;
    }
    number++;
  }
  expect(happened / expected).toBeGreaterThan(0.94);
  expect(happened / expected).toBeLessThan(1.06);
});

it('is the same for the same seed, and another for another', async () => {
  const trace = async (seed: number) => {
    const population = await people(300, seed);
    const items = Array.from({ length: 10 }, (_, i) => itemId(i * 3));
    return [...population.visits(500, fromS, fromS + DAYS_14_S)].map((visit, n) => [
      visit,
      population.react(items, visit, n),
    ]);
  };
  const first = await trace(1);
  expect(await trace(1)).toEqual(first);
  expect(await trace(2)).not.toEqual(first);
});

it('visits in time order inside the window; the shopper buys only what was put into the cart', async () => {
  const population = await people(2_000);
  const visits = [...population.visits(3_000, fromS, fromS + DAYS_14_S)];
  expect(visits.every(({ atS }, i) => i === 0 || atS >= visits[i - 1]!.atS)).toBe(true);
  expect(visits[0]!.atS).toBeGreaterThanOrEqual(fromS);
  expect(visits.every(({ atS }) => atS < fromS + DAYS_14_S)).toBe(true);
  const items = Array.from({ length: 20 }, (_, i) => itemId(i));
  const reactions = visits.flatMap((visit, n) => [population.react(items, visit, n)]);
  for (const one of reactions) {
    const carts = new Set(one.filter(({ type }) => type === EVENT_CODE.add_to_cart).map(({ row }) => row));
    for (const { type, row } of one) if (type === EVENT_CODE.purchase) expect(carts).toContain(row);
    expect(one.every(({ afterS }, i) => i === 0 || afterS > one[i - 1]!.afterS)).toBe(true);
  }
  expect(reactions.flat().some(({ type }) => type === EVENT_CODE.purchase)).toBe(true);
});
