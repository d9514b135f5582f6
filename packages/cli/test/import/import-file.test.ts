import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EVENT_TYPES } from '@shortlist/core/contracts/events.ts';
import { memoryStores } from '@shortlist/core/stores/memory/stores.ts';
import type { Stores, TransactionalStores } from '@shortlist/core/stores/stores.ts';
import { BATCH_LINES, importFile, type FileReport } from '../../src/import/import-file.ts';
import { findSourceFiles, type SourceName } from '../../src/import/sources.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shortlist-import-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function importAll(source: SourceName, stores: TransactionalStores): Promise<FileReport[]> {
  const reports: FileReport[] = [];
  for (const file of findSourceFiles(source, folder)) {
    reports.push(await importFile({ stores, file, rejectsFolder: join(folder, 'rejects') }));
  }
  return reports;
}

const put = (name: string, lines: readonly (string | object)[]) =>
  writeFileSync(
    join(folder, name),
    lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''),
  );

async function eventsOf(stores: Stores) {
  const events: unknown[] = [];
  for await (const batch of stores.events.stream()) {
    for (let i = 0; i < batch.count; i++) {
      const who = batch.userIds[i] ?? batch.sessionIds[i];
      events.push([who, EVENT_TYPES[batch.types[i]!], batch.itemIds[i], batch.timesS[i], batch.quantities[i]]);
    }
  }
  return events;
}

async function itemsOf(stores: Stores) {
  const items = [];
  for await (const batch of stores.items.stream()) items.push(...batch);
  return items;
}

const rejectsOf = (id: string) =>
  readFileSync(join(folder, 'rejects', `${id}.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { line: number; reason: string; raw: string });

const HEADER = 'invoice,stock_code,description,quantity,invoice_date,price,customer_id,country';

test('online-retail: lines are dropped by the protocol, each counted under its first reason', async () => {
  put('online_retail_2010-2011.csv', [
    HEADER,
    '1,22111,RED BAG,2,2010-12-01 08:00:00,1.5,C1,UK',
    '1,22111,RED BAG,3,2010-12-01 08:01:00,1.4,C1,UK',
    '2,22111,"BAG, RED",1,2010-12-02 08:00:00,2,C2,UK',
    '3,22111,RED BAG,1,2010-12-03 08:00:00,2,,UK',
    'C4,22111,RED BAG,-1,2010-12-03 08:00:00,2,C1,UK',
    '5,22111,RED BAG,-1,2010-12-03 08:00:00,2,C1,UK',
    '6,22111,RED BAG,1,2010-12-03 08:00:00,0,C1,UK',
    '7,POST,POSTAGE,1,2010-12-03 08:00:00,2,C1,UK',
    '8,22112,CHRISTMAS MUG,x,2010-12-03 08:00:00,2,C1,UK',
    '9,22112,CHRISTMAS MUG,1,2010-12-03 08:00:00,2,C1',
    '1,22112,CHRISTMAS MUG,1,2010-12-01 08:02:00,4,C1,UK',
  ]);
  const stores = memoryStores();
  const [report] = await importAll('online-retail', stores);
  expect(report!.counts).toEqual({
    lines: 12,
    'dropped: merged into the same product of the invoice': 1,
    'dropped: no customer': 1,
    'dropped: cancelled invoice': 1,
    'dropped: quantity not positive': 1,
    'dropped: price not positive': 1,
    'dropped: stock code is no product': 1,
    rejected: 2,
    'stored: events new': 3,
    'stored: items new': 2,
  });
  expect(rejectsOf('online-retail')).toEqual([
    { line: 10, reason: "quantity 'x' is no number", raw: '8,22112,CHRISTMAS MUG,x,2010-12-03 08:00:00,2,C1,UK' },
    { line: 11, reason: '7 columns where the header has 8', raw: '9,22112,CHRISTMAS MUG,1,2010-12-03 08:00:00,2,C1' },
  ]);
  const start = Date.UTC(2010, 11, 1, 8) / 1000;
  expect(await eventsOf(stores)).toEqual([
    ['C1', 'purchase', '22111', start, 5],
    ['C1', 'purchase', '22112', start + 120, 1],
    ['C2', 'purchase', '22111', start + 86_400, 1],
  ]);
  expect(
    (await itemsOf(stores)).map(({ itemId, title, category, createdAtS }) => [itemId, title, category, createdAtS]),
  ).toEqual([
    ['22111', 'RED BAG', 'bags', start],
    ['22112', 'CHRISTMAS MUG', 'seasonal', start + 120],
  ]);
});

test('retailrocket: equal lines are events of their own, items are dated by their first event', async () => {
  put('events.csv', ['user,item,event,timestamp', '1,7,view,200', '1,7,view,200', '2,7,purchase,100', '2,8,buy,100']);
  const stores = memoryStores();
  const [report] = await importAll('retailrocket', stores);
  expect(report!.counts).toMatchObject({ 'stored: events new': 3, 'stored: items new': 1, rejected: 1 });
  expect(rejectsOf('retailrocket')[0]).toMatchObject({ line: 5, reason: expect.stringContaining("'buy'") as string });
  expect(await itemsOf(stores)).toMatchObject([{ itemId: '7', title: 'Item 7', createdAtS: 100 }]);
});

const GOOD_EVENT = { user_id: 'u', item_id: 'i', type: 'view', timestamp: '2026-01-01T00:00:00Z' };

test('jsonl: every unusable line is rejected with the field that is wrong', async () => {
  const bad: [string | object, string][] = [
    ['{"user_id":', 'not JSON'],
    ['[]', 'object'],
    ['null', 'object'],
    [{ ...GOOD_EVENT, item_id: undefined }, 'item_id'],
    [{ ...GOOD_EVENT, item_id: '' }, 'item_id'],
    [{ ...GOOD_EVENT, item_id: 7 }, 'item_id'],
    [{ ...GOOD_EVENT, item_id: 'x'.repeat(10_000) }, 'item_id'],
    [{ ...GOOD_EVENT, user_id: undefined }, 'user_id or session_id'],
    [{ ...GOOD_EVENT, type: 'bought' }, 'type'],
    [{ ...GOOD_EVENT, timestamp: 'soon' }, 'timestamp'],
    [{ ...GOOD_EVENT, value: 'NaN' }, 'value'],
    ['{"user_id":"u","item_id":"i","type":"view","timestamp":1e999}', 'timestamp'],
    ['{"user_id":"u","item_id":"a\\u0000b","type":"view","timestamp":1}', 'NUL'],
    ['{"user_id":"u","item_id":"a\\ud800b","type":"view","timestamp":1}', 'surrogate'],
    ['['.repeat(10_000) + ']'.repeat(10_000), 'object'],
    ['{"__proto__":{"user_id":"u"},"item_id":"i","type":"view","timestamp":1}', 'user_id or session_id'],
  ];
  put('events.jsonl', [GOOD_EVENT, ...bad.map(([line]) => line), '', GOOD_EVENT]);
  const stores = memoryStores();
  const [report] = await importAll('jsonl', stores);
  expect(report!.counts).toMatchObject({ rejected: bad.length, 'stored: events new': 2 });
  const rejects = rejectsOf('jsonl-events');
  expect(rejects.map(({ line }) => line)).toEqual(bad.map((_, i) => i + 2));
  for (const [i, [, field]] of bad.entries()) expect(rejects[i]!.reason, JSON.stringify(rejects[i])).toContain(field);
});

test('csv: items and events by column name, in any order, empty cells absent', async () => {
  put('items.csv', ['price,item_id,title,category,available,created_at', '2.5,i,"A, b",books,false,1000', ',j,,,,']);
  put('events.csv', ['timestamp,type,item_id,session_id,user_id,value', '1500,purchase,i,,u,2.5', '1600,view,k,s,,']);
  const stores = memoryStores();
  await importAll('csv', stores);
  expect(await itemsOf(stores)).toEqual([
    {
      itemId: 'i',
      title: 'A, b',
      category: 'books',
      brand: '',
      price: 2.5,
      available: false,
      createdAtS: 1000,
      attributes: {},
    },
    { itemId: 'j', title: '', category: '', brand: '', price: 0, available: true, createdAtS: 0, attributes: {} },
  ]);
  expect(await eventsOf(stores)).toEqual([
    ['u', 'purchase', 'i', 1500, NaN],
    ['s', 'view', 'k', 1600, NaN],
  ]);
});

test('impressions keep items and propensities together', async () => {
  const slate = {
    request_id: 'r',
    session_id: 's',
    timestamp: 5,
    surface: 'home',
    items: ['a', 'b'],
    propensities: [1, 0.5],
  };
  put('events.jsonl', [GOOD_EVENT]);
  put('impressions.jsonl', [
    slate,
    { ...slate, request_id: 'q', propensities: [1] },
    { ...slate, propensities: [2, 1] },
  ]);
  const stores = memoryStores();
  await importAll('jsonl', stores);
  expect(await stores.impressions.count()).toBe(1);
  expect(rejectsOf('jsonl-impressions').map(({ reason }) => reason)).toEqual([
    '2 items but 1 propensities',
    expect.stringContaining('propensities.0'),
  ]);
});

test('a second run changes nothing, and one over the grown file adds what is new', async () => {
  const events = [GOOD_EVENT, GOOD_EVENT, { ...GOOD_EVENT, type: 'purchase' }, 'broken'];
  put('events.jsonl', events);
  const stores = memoryStores();
  const [first] = await importAll('jsonl', stores);
  const [second] = await importAll('jsonl', stores);
  expect(second).toEqual({ ...first, already: true });
  expect(rejectsOf('jsonl-events')).toHaveLength(1);
  put('events.jsonl', [...events, GOOD_EVENT]);
  const [third] = await importAll('jsonl', stores);
  expect(third!.counts).toMatchObject({ 'stored: events new': 1, 'stored: events already there': 3 });
  expect((await stores.events.summary()).events).toBe(4);
});

test('the order of a file and its name do not change what is stored', async () => {
  const lines = [GOOD_EVENT, { ...GOOD_EVENT, item_id: 'j' }, GOOD_EVENT];
  const stores = memoryStores();
  put('events.jsonl', lines);
  await importAll('jsonl', stores);
  put('events.jsonl', lines.toReversed());
  await importAll('jsonl', stores);
  expect((await stores.events.summary()).events).toBe(3);
});

test('wherever an import is interrupted, going on gives what one run gives', async () => {
  const lines = Array.from({ length: 90_000 }, (_, i) =>
    i % 1_000 === 999 ? 'broken' : { ...GOOD_EVENT, item_id: `i${i % 7}`, timestamp: 1_700_000_000 + (i >> 2) },
  );
  put('events.jsonl', lines);
  const single = memoryStores();
  const [whole] = await importAll('jsonl', single);
  const rejects = rejectsOf('jsonl-events');
  for (const failAt of [1, 3, 4]) {
    const stores = memoryStores();
    let transactions = 0;
    const failing: TransactionalStores = {
      ...stores,
      transaction: (work) =>
        stores.transaction(async (inside) => {
          const result = await work(inside);
          // The rows are written and not yet committed: the worst moment.
          if (++transactions === failAt) throw new Error('power cut');
          return result;
        }),
    };
    await expect(importAll('jsonl', failing)).rejects.toThrow('power cut');
    const [resumed] = await importAll('jsonl', stores);
    expect(resumed!.resumedAfter).toBe((failAt - 1) * BATCH_LINES);
    expect(resumed!.counts).toEqual(whole!.counts);
    expect(rejectsOf('jsonl-events')).toEqual(rejects);
    expect(await stores.events.summary()).toEqual(await single.events.summary());
    expect(await itemsOf(stores)).toEqual(await itemsOf(single));
  }
});

test('a rejects file of an earlier run goes when there is nothing to reject any more', async () => {
  put('events.jsonl', [GOOD_EVENT, 'broken']);
  await importAll('jsonl', memoryStores());
  expect(existsSync(join(folder, 'rejects', 'jsonl-events.jsonl'))).toBe(true);
  put('events.jsonl', [GOOD_EVENT]);
  await importAll('jsonl', memoryStores());
  expect(existsSync(join(folder, 'rejects', 'jsonl-events.jsonl'))).toBe(false);
});

test.each([
  ['no column type', 'user_id,item_id,timestamp\n', 'file_columns_missing', { missing: 'type' }],
  ['no header', '', 'dataset_unusable', {}],
  ['a column named twice', 'user_id,item_id,type,timestamp,item_id\n', 'file_unreadable', { line: 1 }],
  ['a header with a lost quote', '"user_id,item_id\n', 'file_unreadable', { line: 1 }],
  ['binary content', Buffer.from([0, 1, 2, 255, 10, 0, 0, 10]), 'file_unreadable', { line: 1 }],
])('csv with %s is a coded error that names the file and what is wrong there', async (_, content, code, details) => {
  writeFileSync(join(folder, 'events.csv'), content);
  const file = expect.stringContaining('events.csv') as string;
  await expect(importAll('csv', memoryStores())).rejects.toMatchObject({ code, details: { file, ...details } });
});

test('missing data is a coded error that names the path and SHORTLIST_DATA', () => {
  expect(() => findSourceFiles('online-retail', join(folder, 'absent'))).toThrow(/absent.*SHORTLIST_DATA/);
  expect(() => findSourceFiles('retailrocket', folder)).toThrow(/events\.csv\.gz.*SHORTLIST_DATA/);
  put('items.jsonl', [{ item_id: 'i', title: 'I' }]);
  expect(() => findSourceFiles('jsonl', folder)).toThrow(expect.objectContaining({ code: 'dataset_missing' }));
});
