import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { memoryStores } from '@shortlist/core/stores/memory/stores.ts';
import { readEnvironment } from '../../src/environment.ts';
import { importFile } from '../../src/import/import-file.ts';
import { findSourceFiles, type SourceName } from '../../src/import/sources.ts';

const { dataFolder } = readEnvironment(process.env);
const rejectsFolder = mkdtempSync(join(tmpdir(), 'shortlist-rejects-'));
afterAll(() => rmSync(rejectsFolder, { recursive: true }));

async function importReal(source: SourceName) {
  const stores = memoryStores();
  const [file] = findSourceFiles(source, join(dataFolder, source));
  const { counts } = await importFile({ stores, file: file!, rejectsFolder });
  return { stores, counts };
}

// Counted once more by an independent script (Python's csv module over the protocol of the data's README).
test.skipIf(!existsSync(join(dataFolder, 'online-retail')))(
  'online-retail (needs SHORTLIST_DATA) by its protocol',
  async () => {
    const { stores, counts } = await importReal('online-retail');
    expect(counts).toEqual({
      lines: 541_910,
      'dropped: no customer': 135_080,
      'dropped: cancelled invoice': 8_905,
      'dropped: price not positive': 40,
      'dropped: stock code is no product': 1_547,
      'dropped: merged into the same product of the invoice': 10_011,
      'stored: events new': 386_326,
      'stored: items new': 3_659,
    });
    // The protocol's users: known from the training period, and with something of its items to find.
    const testFromS = Date.UTC(2011, 10, 9) / 1000;
    const [trained, tested] = [new Map<string, Set<string>>(), new Map<string, Set<string>>()];
    const soldInTraining = new Set<string>();
    for await (const batch of stores.events.stream()) {
      for (let i = 0; i < batch.count; i++) {
        const [user, item] = [batch.userIds[i]!, batch.itemIds[i]!];
        const bought = batch.timesS[i]! < testFromS ? trained : tested;
        if (bought === trained) soldInTraining.add(item);
        if (!bought.has(user)) bought.set(user, new Set());
        bought.get(user)!.add(item);
      }
    }
    const truths = [...tested].flatMap(([user, items]) => {
      const before = trained.get(user);
      return before === undefined ? [] : [{ before, truth: [...items].filter((item) => soldInTraining.has(item)) }];
    });
    expect(truths.filter(({ truth }) => truth.length > 0)).toHaveLength(1_394);
    expect(truths.filter(({ truth, before }) => truth.some((item) => !before.has(item)))).toHaveLength(1_287);
    const categories = new Map<string, number>();
    for await (const items of stores.items.stream()) {
      for (const { category } of items) categories.set(category, (categories.get(category) ?? 0) + 1);
    }
    expect(categories.size).toBe(16);
    expect(categories.get('other')! / 3_659).toBeLessThan(0.2);
  },
);

test.skipIf(!existsSync(join(dataFolder, 'retailrocket')))('retailrocket (needs SHORTLIST_DATA) whole', async () => {
  const { counts, stores } = await importReal('retailrocket');
  expect(counts).toEqual({ lines: 97_382, 'stored: events new': 97_381, 'stored: items new': 29_905 });
  expect(await stores.events.summary()).toMatchObject({ users: 2_174, anonymousSessions: 0 });
});
