import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { Environment } from '../environment.ts';
import { openDatabase } from '../workspace/database.ts';
import { openRegistry } from '../workspace/open-registry.ts';
import { datasetPaths } from '../workspace/paths.ts';
import { clockOffset, lastEventS } from './clock-offset.ts';
import { requireFreePort } from './listen.ts';
import { PodProcess } from './pod-process.ts';
import { busiestShoppers } from './shoppers.ts';
import { startStorefront } from './storefront-server.ts';

export interface UpOptions {
  readonly dataset: string;
  readonly host: string;
  readonly httpPort: number;
  readonly adminPort: number;
  readonly storefrontPort: number;
  /** Absolute. */
  readonly rulesFile?: string;
  readonly log: (line: string) => void;
}

/** All that runs for one dataset. */
export interface Platform {
  readonly podUrl: string;
  readonly storefrontUrl: string;
  readonly adminUrl: string;
  /** Resolves when somebody asks to stop. @throws `pod_ended` when the pod ends by itself */
  untilStopped(): Promise<void>;
}

const READY_WITHIN_MS = 60_000;
const SHOPPERS_MAX = 40;

/**
 * Starts the database, a ranking pod on the active release and the storefront, runs `use`, and ends all of them again.
 * When `stop` is aborted before all are ready, `use` is not run.
 * @throws `release_none_active`, `pod_start_failed`, `port_in_use`, `storefront_not_built` and those of the database
 */
export async function withPlatform(
  environment: Environment,
  options: UpOptions,
  stop: AbortSignal,
  use: (platform: Platform) => Promise<void>,
): Promise<void> {
  const { host, httpPort, adminPort, storefrontPort } = options;
  const registry = openRegistry(environment.home, options.dataset);
  const { trainingWindow } = await registry.manifest((await registry.requirePointer()).active);
  const page = join(environment.repository, 'packages/storefront/dist');
  if (!existsSync(page)) throw new ShortlistError('storefront_not_built', {});
  for (const port of [httpPort, adminPort, storefrontPort]) await requireFreePort(host, port);

  const database = await openDatabase(environment, options.dataset, { log: options.log });
  const closing: (() => Promise<void>)[] = [() => database.close()];
  try {
    const clockOffsetS = clockOffset(
      Math.max(trainingWindow.untilS, await lastEventS(database.pool)),
      Date.now() / 1000,
    );
    const pod = new PodProcess({
      repository: environment.repository,
      variables: podVariables(environment, options, database.url, clockOffsetS),
      httpPort,
      logFile: join(datasetPaths(environment.home, options.dataset).folder, 'pod.log'),
    });
    closing.push(() => pod.stop());
    await pod.untilReady(READY_WITHIN_MS, stop);
    const storefront = await startStorefront({
      folder: page,
      podUrl: pod.url,
      shoppers: await busiestShoppers(database.pool, SHOPPERS_MAX),
      host,
      port: storefrontPort,
    });
    closing.push(async () => {
      storefront.closeAllConnections();
      await new Promise((resolve) => storefront.close(resolve));
    });
    if (stop.aborted) return;
    await use({
      podUrl: pod.url,
      storefrontUrl: `http://127.0.0.1:${storefrontPort}`,
      adminUrl: `http://127.0.0.1:${adminPort}`,
      async untilStopped() {
        const stopped = stop.aborted ? undefined : once(stop, 'abort').then(() => undefined);
        const reason = await Promise.race([stopped, pod.ended]);
        if (reason !== undefined && !stop.aborted) throw new ShortlistError('pod_ended', { reason, log: pod.logFile });
      },
    });
  } catch (error) {
    throw database.codedError(error);
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

function podVariables(
  environment: Environment,
  options: UpOptions,
  databaseUrl: string,
  clockOffsetS: number,
): Record<string, string> {
  return {
    SHORTLIST_DATASET: options.dataset,
    SHORTLIST_HOME: environment.home,
    DATABASE_URL: databaseUrl,
    SHORTLIST_CLOCK_OFFSET_S: String(clockOffsetS),
    SHORTLIST_HTTP_HOST: options.host,
    SHORTLIST_HTTP_PORT: String(options.httpPort),
    SHORTLIST_ADMIN_PORT: String(options.adminPort),
    ...(options.rulesFile === undefined ? {} : { SHORTLIST_RULES_FILE: options.rulesFile }),
  };
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
