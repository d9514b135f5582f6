import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EVENT_TYPES } from '@shortlist/core/contracts/events.ts';
import { loadRelease } from '@shortlist/core/release/load-release.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { decisionsOf } from '../../../src/experiment/off-policy/evaluate-policy.ts';
import { Histories } from '../../../src/experiment/off-policy/histories.ts';
import { readLoggedSlates } from '../../../src/experiment/off-policy/logged-slates.ts';
import { estimateOffPolicy, type OffPolicyOptions } from '../../../src/experiment/off-policy/off-policy.ts';
import { targetSlates } from '../../../src/experiment/off-policy/target-slates.ts';
import { itemRow } from '../../../src/generate/catalogue.ts';
import { appeal, clickProbability, examined } from '../../../src/generate/choice.ts';
import { readDescription } from '../../../src/generate/description.ts';
import { ItemTable } from '../../../src/generate/item-table.ts';
import { ShopperTable, userIndex } from '../../../src/generate/shoppers.ts';
import { importFile } from '../../../src/import/import-file.ts';
import { findSourceFiles } from '../../../src/import/sources.ts';
import { Population } from '../../../src/simulate/population.ts';
import { withDatabase } from '../../../src/workspace/database.ts';
import { openRegistry } from '../../../src/workspace/open-registry.ts';
import { datasetPaths } from '../../../src/workspace/paths.ts';
import { SHOP, simulatedShop } from '../../simulate/simulated-shop.ts';
import type { TemporaryWorkspace } from '../../workspace/temporary-workspace.ts';

const LOG = 'chance';
const SLATES = 3_000;
const SLOTS = 8;
/** The first places hold what sells best, the others are left to chance. */
const FIXED = 2;
/** What a place left to chance is drawn from: what the policy would put there, and as much of what nobody likes. */
const POOL = 2 * (SLOTS - FIXED);
const DAY_S = 86_400;

let workspace: TemporaryWorkspace;
let fromS: number;
/** Best first. */
let items: readonly string[];
beforeAll(async () => {
  workspace = await simulatedShop();
  const { home } = workspace.environment;
  const { source } = datasetPaths(home, SHOP);
  const registry = openRegistry(home, SHOP);
  const release = await loadRelease(await registry.dirOf((await registry.requirePointer()).active));
  items = release.catalog.itemIds;
  await release.close();
  const population = await Population.of(join(source, 'generator.json'), 90, 7);
  fromS = 1_793_491_200;
  await writeLog(join(home, 'log'), population);
  await withDatabase(workspace.environment, LOG, async ({ pool }) => {
    const stores = postgresStores(pool);
    await mkdir(join(home, 'rejects'), { recursive: true });
    for (const file of [...findSourceFiles('jsonl', source), ...findSourceFiles('jsonl', join(home, 'log'))])
      await importFile({ stores, file, rejectsFolder: join(home, 'rejects') });
  });
}, 120_000);
afterAll(() => workspace.remove());

/** Slates as a pod with exploration shows them, and what the shoppers of the shop do with them. */
async function writeLog(folder: string, population: Population): Promise<void> {
  await mkdir(folder, { recursive: true });
  const impressions: object[] = [];
  const events: object[] = [];
  let seed = 1;
  const below = (n: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * n);
  };
  let number = 0;
  for (const visit of population.visits(SLATES, fromS, fromS + 14 * DAY_S)) {
    const pool = [...items.slice(FIXED, SLOTS), ...items.slice(FIXED - SLOTS)];
    const shown = items.slice(0, FIXED);
    while (shown.length < SLOTS) shown.push(...pool.splice(below(pool.length), 1));
    const about = { request_id: `slate-${number}`, user_id: visit.userId, timestamp: visit.atS, surface: 'home' };
    const propensities = shown.map((_, place) => (place < FIXED ? 1 : 1 / POOL));
    impressions.push({ ...about, device: 'mobile', items: shown, propensities });
    population.react(shown, visit, number).forEach(({ itemId, type, afterS, position }, i) =>
      events.push({
        ...{ ...about, event_id: `event-${number}-${i}`, item_id: itemId, type: EVENT_TYPES[type], position },
        ...{ timestamp: visit.atS + afterS, value: 1 },
      }),
    );
    number += 1;
  }
  const lines = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  await writeFile(join(folder, 'impressions.jsonl'), lines(impressions));
  await writeFile(join(folder, 'events.jsonl'), '');
  await appendFile(join(folder, 'events.jsonl'), lines(events));
}

const estimate = (changes: Partial<OffPolicyOptions> = {}) =>
  estimateOffPolicy(workspace.environment, {
    ...{ dataset: SHOP, log: LOG, variant: null, release: null, parametersFile: null, slatesOf: null },
    ...{ fromS, untilS: 1e11, reward: 'click', positions: null, attributionHours: 24, alpha: 0.05, slatesMax: 50_000 },
    ...changes,
  });

it('covers what the policy truly earns, which the log itself is far from', async () => {
  const { logged, target, slates, matches, unsupported } = await estimate();
  expect(slates).toBe(SLATES);
  expect(unsupported).toBe(0);
  expect(target.decisions).toBe(SLATES * (SLOTS - FIXED));
  expect(target.meanWeight).toBeGreaterThan(0.8);
  expect(target.effectiveSampleSize).toBeCloseTo(matches, 6);

  const truth = await trueClicks();
  expect(logged.high).toBeLessThan(truth);
  for (const one of [target.ips, target.snips, target.dr!]) {
    expect(one.low).toBeLessThan(truth);
    expect(one.high).toBeGreaterThan(truth);
    // An interval that is wide enough covers anything.
    expect(one.standardError).toBeLessThan(truth / 3);
  }
}, 120_000);

/** Mean chance of a click at the places left to chance, had the policy filled them: by the preferences of the shoppers. */
async function trueClicks(): Promise<number> {
  const { environment } = workspace;
  const registry = openRegistry(environment.home, SHOP);
  const release = await loadRelease(await registry.dirOf((await registry.requirePointer()).active));
  const source = join(datasetPaths(environment.home, SHOP).source, 'generator.json');
  const { parameters, calibration } = await readDescription(source);
  const items = new ItemTable(parameters);
  const shoppers = new ShopperTable(parameters);
  try {
    return await withDatabase(environment, LOG, async ({ pool }) => {
      const range = {
        fromS,
        untilS: 1e11,
        of: null,
        reward: 'click',
        attributionHours: 24,
        slatesMax: 50_000,
      } as const;
      const shown = await readLoggedSlates(pool, range);
      const targets = await targetSlates(
        { release, parameters: {} },
        shown,
        await Histories.read(pool, shown),
        () => undefined,
      );
      const decisions = decisionsOf(shown, targets, null);
      const chances = decisions.map(({ slate, place, wanted }) => {
        const { userId, occurredAtS } = shown[slate]!;
        const user = userIndex(userId!, shoppers.known);
        const interest = appeal(items, shoppers, user, itemRow(wanted!, items.count), occurredAtS);
        return examined(place + 1) * clickProbability(interest, calibration);
      });
      return chances.reduce((sum, chance) => sum + chance, 0) / chances.length;
    });
  } finally {
    await release.close();
  }
}

it('refuses what the log cannot answer, and says why', async () => {
  const refusal = (reason: string) => ({
    code: 'off_policy_unsupported',
    details: { reason: expect.stringContaining(reason) as string },
  });
  // Nobody left the first places to chance.
  await expect(estimate({ positions: new Set([1, 2]), slatesMax: 200 })).rejects.toMatchObject(
    refusal('no randomised decision'),
  );
  // A policy that fills the places with what certainly stood above them.
  const file = join(workspace.environment.home, 'parameters.json');
  await writeFile(file, JSON.stringify({ sources: { popular: 0, trending: 0, new_items: 60 } }));
  await expect(estimate({ parametersFile: file, slatesMax: 1_000 })).rejects.toMatchObject(refusal('impossible'));
  // Too few.
  await expect(estimate({ slatesMax: 100 })).rejects.toMatchObject(refusal('fewer than 100'));
  await writeFile(file, '{"sauces": {}}');
  await expect(estimate({ parametersFile: file })).rejects.toMatchObject({ code: 'field_invalid' });
  await writeFile(file, '[]');
  await expect(estimate({ parametersFile: file })).rejects.toMatchObject({ code: 'field_invalid' });
  await expect(estimate({ variant: { experiment: 'none', variant: 'x' } })).rejects.toMatchObject({
    code: 'document_not_found',
  });
}, 120_000);
