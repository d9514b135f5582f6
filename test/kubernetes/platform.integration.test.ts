/**
 * The whole platform as local processes, run by a resource of a real API server: an Experiment is applied by kubectl, the
 * pods split their traffic, its treatment does harm, and `kubectl get experiment` shows that it was rolled back.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { splitTraffic, type SplitDocument } from '../../packages/cli/src/demo-experiment/split-traffic.ts';
import { importFile } from '../../packages/cli/src/import/import-file.ts';
import { findSourceFiles } from '../../packages/cli/src/import/sources.ts';
import { withPlatform } from '../../packages/cli/src/up/up.ts';
import { openDatabase } from '../../packages/cli/src/workspace/database.ts';
import { datasetPaths } from '../../packages/cli/src/workspace/paths.ts';
import { SHOP, simulatedShop } from '../../packages/cli/test/simulate/simulated-shop.ts';
import { freePorts } from '../../packages/cli/test/up/tiny-shop.ts';
import type { TemporaryWorkspace } from '../../packages/cli/test/workspace/temporary-workspace.ts';
import { until } from '../../packages/controller/test/until.ts';
import { findBinaries } from './control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from './control-plane/control-plane.ts';
import { ControllerProcess } from '../../packages/controller/test/controller-process.ts';
import { installCrds, NAMESPACE } from './operator-bench.ts';

const { absent } = findBinaries('full');
let plane: ControlPlane;
let workspace: TemporaryWorkspace;
beforeAll(async () => {
  if (absent) return;
  plane = await startControlPlane({ without: ['kube-controller-manager', 'kube-scheduler', 'kwok'] });
  await installCrds(plane);
  workspace = await simulatedShop(2);
}, 300_000);
afterAll(async () => {
  await workspace?.remove();
  await plane?.stop();
});

const kubectl = (...args: string[]) => plane.kubectl([...args, '-n', NAMESPACE]);

describe(`the whole platform by kubectl ${absent}`, () => {
  it.skipIf(absent)(
    'splits traffic as an Experiment says, and shows that its harm was rolled back',
    { timeout: 600_000 },
    async () => {
      const { environment } = workspace;
      const { source, rejects } = datasetPaths(environment.home, SHOP);
      const database = await openDatabase(environment, SHOP);
      try {
        const stores = postgresStores(database.pool);
        for (const file of findSourceFiles('jsonl', source)) await importFile({ stores, file, rejectsFolder: rejects });
        const { http, admin, ingest, experiments, storefront } = await freePorts();
        const ports = { httpPort: http, adminPort: admin, ingestPort: ingest, experimentsPort: experiments };
        const up = {
          dataset: SHOP,
          host: '127.0.0.1',
          ...ports,
          storefrontPort: storefront,
          pods: 2,
          analysisEveryS: 1,
        };
        const stop = new AbortController().signal;
        const lines: string[] = [];
        const log = (line: string) => void lines.push(line);
        await withPlatform(environment, { ...up, log }, stop, async (platform) => {
          const controller = await ControllerProcess.start({
            SHORTLIST_CONTROLLER_KUBECONFIG: plane.kubeconfig,
            SHORTLIST_CONTROLLER_EXPERIMENTS_URL: platform.experimentsUrl,
          });
          try {
            let name = '';
            let appliedMs = 0;
            const splitsAfterMs: number[] = [];
            const begin = async (document: SplitDocument) => {
              ({ name } = document.metadata);
              const metadata = { ...document.metadata, namespace: NAMESPACE };
              appliedMs = performance.now();
              await plane.kubectl(['apply', '-f', '-'], JSON.stringify({ ...document, metadata }));
              for (const podUrl of platform.podUrls) {
                await until('the pod splits', () => splits(podUrl, name));
                splitsAfterMs.push(Math.round(performance.now() - appliedMs));
              }
            };
            const options = {
              dataset: SHOP,
              users: 2_000,
              secondsMax: 240,
              afterMs: 1_000,
              seed: 1,
              print: log,
              begin,
            };
            const outcome = await splitTraffic(environment, options, { platform, database, stop });
            expect(outcome).toMatchObject({ isRolledBack: true, late: 0, differences: [] });
            const foundMs = performance.now();
            await kubectl('wait', '--for=jsonpath={.status.state}=rolled_back', `exp/${name}`, '--timeout=60s');
            const shownMs = performance.now() - foundMs;
            const table = await kubectl('get', 'experiment', name, '-o', 'wide');
            console.log(
              `pods split ${splitsAfterMs.join(', ')} ms after kubectl apply; shown ${shownMs.toFixed(0)} ms after the outcome was known\n${table}`,
            );
            expect(table).toMatch(new RegExp(`${name}\\s+rolled_back`));
            expect(table).toContain('roll_back treatment');
            const described = await kubectl('describe', 'experiment', name);
            expect(described).toMatch(/Normal\s+Running/);
            expect(described).toMatch(/Warning\s+RolledBack/);
            const { status } = JSON.parse(await kubectl('get', 'exp', name, '-o', 'json')) as {
              status: { units: number; variants: { units: number }[]; metrics: { metric: string; high?: number }[] };
            };
            const counted = outcome!.counts.map(({ units }) => units);
            expect(
              status.variants.map(({ units }) => units).every((units, i) => units > 0 && units <= counted[i]!),
            ).toBe(true);
            expect(
              status.metrics.some(({ metric, high }) => metric === 'click-through-rate' && high !== undefined),
            ).toBe(true);
            await kubectl('delete', 'experiment', name, '--timeout=60s');
          } finally {
            expect(await controller.stop(), controller.log).toBe(0);
          }
        });
      } finally {
        await database.close();
      }
    },
  );
});

async function splits(podUrl: string, name: string): Promise<boolean> {
  const status = (await (await fetch(`${podUrl}/status`)).json()) as {
    pipeline: { experiments: { experiments: string[] } };
  };
  return status.pipeline.experiments.experiments.includes(name);
}
