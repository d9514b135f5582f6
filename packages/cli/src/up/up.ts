import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { ReleaseRegistry } from '@shortlist/core/release/registry.ts';
import type { Environment } from '../environment.ts';
import { openDatabase } from '../workspace/database.ts';
import { datasetPaths } from '../workspace/paths.ts';
import { requireFreePort } from './free-port.ts';
import { PodProcess } from './pod-process.ts';
import { busiestShoppers } from './shoppers.ts';
import { startStorefront } from './storefront-server.ts';

export interface UpOptions {
  readonly dataset: string;
  readonly host: string;
  readonly httpPort: number;
  readonly adminPort: number;
  readonly storefrontPort: number;
  readonly rulesFile?: string;
  readonly log: (line: string) => void;
}

/** All that runs for one dataset. */
export interface Platform {
  readonly podUrl: string;
  readonly storefrontUrl: string;
  readonly adminUrl: string;
  /** Resolves when the pod ends by itself. */
  readonly podExited: Promise<number>;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 60_000;
const SHOPPERS_MAX = 40;
/** Data that ended longer ago than this is served by its own clock. */
const DATA_OF_THE_PAST_S = 86_400;

/**
 * Starts the database, a ranking pod on the active release and the storefront.
 * @throws `release_none_active`, `pod_start_failed`, `port_in_use`, `storefront_not_built` and those of the database
 */
export async function up(environment: Environment, options: UpOptions): Promise<Platform> {
  const paths = datasetPaths(environment.home, options.dataset);
  const registry = new ReleaseRegistry({
    dataset: options.dataset,
    releasesDir: paths.releases,
    activePath: paths.active,
  });
  const pointer = await registry.pointer();
  if (pointer === null) throw new ShortlistError('release_none_active', { dataset: options.dataset });
  const { trainingWindow } = await registry.manifest(pointer.active);
  const page = join(environment.repository, 'packages/storefront/dist');
  if (!existsSync(page)) throw new ShortlistError('storefront_not_built', {});
  for (const port of [options.httpPort, options.adminPort, options.storefrontPort])
    await requireFreePort(options.host, port);
  const database = await openDatabase(environment, options.dataset, { log: options.log });
  const closing: (() => Promise<void>)[] = [() => database.close()];
  const stop = async () => {
    for (const close of closing.splice(0).reverse()) await close();
  };
  try {
    const pod = await PodProcess.start({
      repository: environment.repository,
      variables: {
        ...podVariables(environment, options, database.url),
        SHORTLIST_CLOCK: Date.now() / 1000 - trainingWindow.untilS > DATA_OF_THE_PAST_S ? 'data' : 'wall',
      },
      httpPort: options.httpPort,
      logFile: join(paths.folder, 'pod.log'),
      readyWithinMs: READY_WITHIN_MS,
    });
    closing.push(() => pod.stop());
    const server = await startStorefront({
      folder: page,
      podUrl: pod.url,
      shoppers: await busiestShoppers(database.pool, SHOPPERS_MAX),
      host: options.host,
      port: options.storefrontPort,
    });
    closing.push(
      () =>
        new Promise((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    );
    return {
      podUrl: pod.url,
      storefrontUrl: `http://127.0.0.1:${options.storefrontPort}`,
      adminUrl: `http://127.0.0.1:${options.adminPort}`,
      podExited: pod.exited,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function podVariables(environment: Environment, options: UpOptions, databaseUrl: string): Record<string, string> {
  return {
    SHORTLIST_DATASET: options.dataset,
    SHORTLIST_HOME: environment.home,
    DATABASE_URL: databaseUrl,
    SHORTLIST_HTTP_HOST: options.host,
    SHORTLIST_HTTP_PORT: String(options.httpPort),
    SHORTLIST_ADMIN_PORT: String(options.adminPort),
    ...(options.rulesFile === undefined ? {} : { SHORTLIST_RULES_FILE: options.rulesFile }),
  };
}

/** Keeps the platform up until SIGINT or SIGTERM, or until its pod dies (then throws `pod_start_failed`). */
export async function stayUp(platform: Platform): Promise<void> {
  const signal = new Promise<'signal'>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve('signal'));
  });
  const ended = await Promise.race([signal, platform.podExited]);
  await platform.stop();
  if (ended !== 'signal')
    throw new ShortlistError('pod_start_failed', { reason: `it ended with code ${ended}`, log: 'pod.log' });
}

/** The addresses, as a person wants them. */
export function addresses(platform: Platform): string {
  return [
    `  storefront   ${platform.storefrontUrl}`,
    `  API          ${platform.podUrl}/recommend   (reference: ${platform.podUrl}/docs)`,
    `  metrics      ${platform.podUrl}/metrics`,
    `  dashboard    ${platform.adminUrl}/admin/dashboard`,
  ].join('\n');
}
