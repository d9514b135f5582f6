/**
 * How fast a shop's history comes in, goes out, is found again and is replayed through the feature code, on an embedded
 * PostgreSQL of its own:
 * `node packages/cli/bench/import.ts [--events 200000] [--repeats 3] [--import-only] [--json FILE]`
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Catalog } from '@shortlist/core/catalog/catalog.ts';
import { itemsToArrow } from '@shortlist/core/catalog/write-items.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { option } from '../../core/bench/option.ts';
import { report, summarised, type BenchResult } from '../../core/bench/report.ts';
import { readEnvironment } from '../src/environment.ts';
import { DEFAULT_PARAMETERS } from '../src/generate/parameters.ts';
import { generateShop } from '../src/generate/shop-writer.ts';
import { importFile } from '../src/import/import-file.ts';
import { findSourceFiles } from '../src/import/sources.ts';
import { itemFeaturesAt } from '../src/train/item-features-file.ts';
import { readTrainingLog, type TrainingLog } from '../src/train/training-log.ts';
import { withDatabase } from '../src/workspace/database.ts';

const events = Number(option('events', '200000'));
const repeats = Number(option('repeats', '3'));
const PROFILES = 1_000;

const home = mkdtempSync(join(tmpdir(), 'shortlist-bench-'));
// PostgreSQL's account must get in.
chmodSync(home, 0o755);
const folder = join(home, 'source');
mkdirSync(folder);
const parameters = { ...DEFAULT_PARAMETERS, items: 10_000, users: Math.ceil(events / 25), events };
await generateShop({ parameters, folder });

const rates: Record<string, number[]> = {};
const note = (name: string, value: number) => void (rates[name] ??= []).push(value);
const secondsOf = async (work: () => Promise<unknown>) => {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
};

const environment = readEnvironment({ SHORTLIST_HOME: home });
/**
 * The first import of a shop, into a database of its own. Those of earlier rounds stay until the end: where files were
 * deleted within the last minutes, ext4 takes long to make new ones.
 */
const round = (name: string) =>
  withDatabase(environment, name, async ({ pool }) => {
    const stores = postgresStores(pool);
    for (const file of findSourceFiles('jsonl', folder)) {
      let lines = 0;
      const importS = await secondsOf(async () => {
        lines = (await importFile({ stores, file, rejectsFolder: join(home, 'rejects') })).counts.lines ?? 0;
      });
      note(`import.${file.what}_per_s`, lines / importS);
    }
    if (process.argv.includes('--import-only')) return;
    await pool.query('ANALYZE events');
    const users = new Set<string>();
    const streamS = await secondsOf(async () => {
      for await (const { userIds } of stores.events.stream()) for (const id of userIds) if (id !== null) users.add(id);
    });
    note('stream.events_per_s', events / streamS);
    const asked = [...users].slice(0, PROFILES);
    const profilesS = await secondsOf(async () => {
      for (const userId of asked) await stores.profiles.recent({ userId }, 100);
    });
    note('profile.recent.us', (profilesS * 1e6) / asked.length);

    let log: TrainingLog | undefined;
    const readS = await secondsOf(async () => void (log = await readTrainingLog(stores)));
    const { items, count, slates, timesS } = log!;
    const shown = slates.reduce((sum, { rows }) => sum + rows.length, 0);
    const catalog = Catalog.fromArrow(itemsToArrow(items));
    const countS = await secondsOf(() => Promise.resolve(itemFeaturesAt(log!, catalog, timesS[count - 1]! + 1)));
    // From the database to the item features; an item shown is an event, too.
    note('replay.read.events_per_s', (count + shown) / readS);
    note('replay.features.events_per_s', (count + shown) / countS);
    note('replay.events_per_s', (count + shown) / (readS + countS));
  });

await withDatabase(environment, 'bench', async () => {
  for (let i = 0; i < repeats; i++) await round(`round-${i}`);
});
rmSync(home, { recursive: true });

const unit = (name: string) => (name.endsWith('.us') ? 'us' : '1/s');
report(Object.entries(rates).map(([name, values]): BenchResult => summarised(name, unit(name), values)));
