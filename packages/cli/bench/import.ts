/**
 * How fast events come in, go out and are found again, on an embedded PostgreSQL of its own:
 * `node packages/cli/bench/import.ts [--events 200000] [--repeats 3] [--json FILE]`
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { report, summarised, type BenchResult } from '../../core/bench/report.ts';
import { readEnvironment } from '../src/environment.ts';
import { DEFAULT_PARAMETERS } from '../src/generate/parameters.ts';
import { generateShop } from '../src/generate/shop-writer.ts';
import { importFile } from '../src/import/import-file.ts';
import { findSourceFiles } from '../src/import/sources.ts';
import { withDatabase } from '../src/workspace/database.ts';

function option(name: string, initial: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? initial : Number(process.argv[at + 1]);
}
const events = option('events', 200_000);
const repeats = option('repeats', 3);
const PROFILES = 1_000;

const home = mkdtempSync(join(tmpdir(), 'shortlist-bench-'));
// PostgreSQL's account must get in.
chmodSync(home, 0o755);
const folder = join(home, 'source');
mkdirSync(folder);
const parameters = { ...DEFAULT_PARAMETERS, items: 10_000, users: Math.ceil(events / 25), events };
await generateShop({ parameters, folder });

const rates: Record<string, number[]> = {
  'import.events_per_s': [],
  'stream.events_per_s': [],
  'profile.recent.us': [],
};
const secondsOf = async (work: () => Promise<unknown>) => {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
};

const environment = readEnvironment({ SHORTLIST_HOME: home });
await withDatabase(environment, 'bench', async ({ pool }) => {
  const stores = postgresStores(pool);
  const file = findSourceFiles('jsonl', folder).find(({ what }) => what === 'events')!;
  for (let round = 0; round < repeats; round++) {
    await stores.clear();
    const importS = await secondsOf(() => importFile({ stores, file, rejectsFolder: join(home, 'rejects') }));
    rates['import.events_per_s']!.push(events / importS);
    await pool.query('ANALYZE events');
    const users = new Set<string>();
    const streamS = await secondsOf(async () => {
      for await (const { userIds } of stores.events.stream()) for (const id of userIds) if (id !== null) users.add(id);
    });
    rates['stream.events_per_s']!.push(events / streamS);
    const asked = [...users].slice(0, PROFILES);
    const profilesS = await secondsOf(async () => {
      for (const userId of asked) await stores.profiles.recent({ userId }, 100);
    });
    rates['profile.recent.us']!.push((profilesS * 1e6) / asked.length);
  }
});
rmSync(home, { recursive: true });

const unit = (name: string) => (name.endsWith('.us') ? 'us' : '1/s');
report(Object.entries(rates).map(([name, values]): BenchResult => summarised(name, unit(name), values)));
