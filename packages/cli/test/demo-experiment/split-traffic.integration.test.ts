import { afterAll, beforeAll, expect, it } from 'vitest';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { splitTraffic } from '../../src/demo-experiment/split-traffic.ts';
import { importFile } from '../../src/import/import-file.ts';
import { findSourceFiles } from '../../src/import/sources.ts';
import { withPlatform } from '../../src/up/up.ts';
import { openDatabase } from '../../src/workspace/database.ts';
import { datasetPaths } from '../../src/workspace/paths.ts';
import { SHOP, simulatedShop } from '../simulate/simulated-shop.ts';
import { freePorts } from '../up/tiny-shop.ts';
import type { TemporaryWorkspace } from '../workspace/temporary-workspace.ts';

let workspace: TemporaryWorkspace;
beforeAll(async () => {
  workspace = await simulatedShop(2);
});
afterAll(() => workspace.remove());

it('a harmful split over real servers is rolled back, obeyed by every pod, and counted right', async () => {
  const { environment } = workspace;
  const { source, rejects } = datasetPaths(environment.home, SHOP);
  const database = await openDatabase(environment, SHOP);
  try {
    const stores = postgresStores(database.pool);
    for (const file of findSourceFiles('jsonl', source)) await importFile({ stores, file, rejectsFolder: rejects });
    const { http, admin, ingest, experiments, storefront } = await freePorts();
    const ports = { httpPort: http, adminPort: admin, ingestPort: ingest, experimentsPort: experiments };
    const up = { dataset: SHOP, host: '127.0.0.1', ...ports, storefrontPort: storefront, pods: 2, analysisEveryS: 1 };
    const stop = new AbortController().signal;
    const lines: string[] = [];
    const log = (line: string) => void lines.push(line);
    await withPlatform(environment, { ...up, log }, stop, async (platform) => {
      const options = { dataset: SHOP, users: 2_000, secondsMax: 120, afterMs: 1_000, seed: 1, print: log };
      const outcome = await splitTraffic(environment, options, { platform, database, stop });
      expect(outcome).toMatchObject({ isRolledBack: true, late: 0, differences: [] });
      expect(outcome!.results.state).toBe('rolled_back');
      expect(outcome!.obeyedMs).toHaveLength(2);
      expect(outcome!.counts.map(({ variant }) => variant)).toEqual(['control', 'treatment']);
      expect(outcome!.counts.every(({ slates, clicks }) => slates > 0 && clicks > 0)).toBe(true);
    });
  } finally {
    await database.close();
  }
}, 240_000);
