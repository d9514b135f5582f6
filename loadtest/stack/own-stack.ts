import { chmodSync, mkdirSync } from 'node:fs';
import type { ReleaseRegistry } from '@shortlist/core/release/registry.ts';
import { demoSteps } from '../../packages/cli/src/demo/steps.ts';
import { runVerb } from '../../packages/cli/src/demo/run-verb.ts';
import type { Environment } from '../../packages/cli/src/environment.ts';
import { freePort } from '../../packages/cli/src/up/listen.ts';
import { withPlatform, type Platform } from '../../packages/cli/src/up/up.ts';
import { openRegistry } from '../../packages/cli/src/workspace/open-registry.ts';
import { CouldNotRun } from '../could-not-run.ts';

const HOST = '127.0.0.1';
const SECOND_SEED = '2';

export interface OwnStackOptions {
  readonly dataset: string;
  /** Releases that must be there: two, where they are to be swapped. */
  readonly releases: number;
  readonly log: (line: string) => void;
}

/**
 * Runs `use` on a platform of its own on loopback: PostgreSQL, Valkey, ingest, experiments and a ranking pod, on ports that
 * were free. The workspace is made once (data, training: minutes) and kept.
 */
export async function withOwnStack(
  environment: Environment,
  options: OwnStackOptions,
  stop: AbortSignal,
  use: (platform: Platform, registry: ReleaseRegistry) => Promise<void>,
): Promise<void> {
  const { dataset, log } = options;
  mkdirSync(environment.home, { recursive: true });
  // PostgreSQL runs under an account of its own, which must get in.
  chmodSync(environment.home, 0o755);
  const registry = openRegistry(environment.home, dataset);
  for (const step of await missingSteps(registry, dataset, options.releases)) {
    log(`shortlist ${step.join(' ')}`);
    const code = await runVerb(environment, step, stop);
    if (stop.aborted) throw new CouldNotRun('it was stopped');
    if (code !== 0) throw new CouldNotRun(`\`shortlist ${step.join(' ')}\` ended with ${code}`);
  }
  const ports: number[] = [];
  while (ports.length < 5) {
    const port = await freePort(HOST);
    if (!ports.includes(port)) ports.push(port);
  }
  const [httpPort, adminPort, ingestPort, experimentsPort, storefrontPort] = ports as [
    number,
    number,
    number,
    number,
    number,
  ];
  await withPlatform(
    environment,
    { dataset, host: HOST, httpPort, adminPort, ingestPort, experimentsPort, storefrontPort, log },
    stop,
    (platform) => use(platform, registry),
  );
  if (stop.aborted) throw new CouldNotRun('it was stopped');
}

async function missingSteps(registry: ReleaseRegistry, dataset: string, releases: number): Promise<string[][]> {
  const there = (await registry.ids()).length;
  const steps = (await registry.pointer()) === null ? demoSteps(dataset).map((step) => [...step]) : [];
  if (releases > Math.max(there, 1))
    steps.push(['train', '--dataset', dataset, '--seed', SECOND_SEED, '--no-activate']);
  return steps;
}
