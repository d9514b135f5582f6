import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { Environment } from '../environment.ts';
import { gitCommit } from '../train/git-commit.ts';
import { openDatabase } from '../workspace/database.ts';
import { openRegistry } from '../workspace/open-registry.ts';
import { datasetPaths } from '../workspace/paths.ts';
import { openRedis } from '../workspace/redis.ts';
import { clockOffset, lastEventS } from './clock-offset.ts';
import { freePort, requireFreePort } from './listen.ts';
import { EXPERIMENTS, INGEST, POD, ServiceProcess, type ServiceKind } from './service-process.ts';
import { busiestShoppers } from './shoppers.ts';
import { startStorefront } from './storefront-server.ts';

export interface UpOptions {
  readonly dataset: string;
  readonly host: string;
  readonly httpPort: number;
  readonly adminPort: number;
  readonly ingestPort: number;
  readonly experimentsPort: number;
  readonly storefrontPort: number;
  /** Absolute. */
  readonly rulesFile?: string;
  /** Ranking pods, 1 by default; those after the first listen where there is room. */
  readonly pods?: number;
  /** Pause between two analyses of the experiments, seconds; the service's default where it is absent. */
  readonly analysisEveryS?: number;
  readonly log: (line: string) => void;
}

/** All that runs for one dataset. */
export interface Platform {
  readonly podUrl: string;
  /** Of all pods, `podUrl` first. */
  readonly podUrls: readonly string[];
  /** What its clock adds to the real time, seconds. */
  readonly clockOffsetS: number;
  readonly ingestUrl: string;
  readonly experimentsUrl: string;
  readonly storefrontUrl: string;
  readonly adminUrl: string;
  /** Resolves when somebody asks to stop. @throws `pod_ended`, `ingest_ended`, `experiments_ended` when one ends by itself */
  untilStopped(): Promise<void>;
}

const READY_WITHIN_MS = 60_000;
const SHOPPERS_MAX = 40;

/**
 * Starts PostgreSQL, Valkey, the ingest and experiments services, a ranking pod on the active release and the storefront, runs `use`, and
 * ends all of them again. When `stop` is aborted before all are ready, `use` is not run.
 * @throws `release_none_active`, `pod_start_failed`, `ingest_start_failed`, `experiments_start_failed`, `port_in_use`, `storefront_not_built` and those of the
 * database and Redis
 */
export async function withPlatform(
  environment: Environment,
  options: UpOptions,
  stop: AbortSignal,
  use: (platform: Platform) => Promise<void>,
): Promise<void> {
  const { dataset, host, httpPort, adminPort, ingestPort, experimentsPort, storefrontPort } = options;
  const registry = openRegistry(environment.home, dataset);
  const { trainingWindow } = await registry.manifest((await registry.requirePointer()).active);
  const page = join(environment.repository, 'packages/storefront/dist');
  if (!existsSync(page)) throw new ShortlistError('storefront_not_built', {});
  for (const port of [httpPort, adminPort, ingestPort, experimentsPort, storefrontPort])
    await requireFreePort(host, port);

  const database = await openDatabase(environment, dataset, { log: options.log });
  const closing: (() => Promise<void>)[] = [() => database.close()];
  const services: ServiceProcess[] = [];
  const start = async (kind: ServiceKind, port: number, variables: Readonly<Record<string, string>>) => {
    const logFile = join(datasetPaths(environment.home, dataset).folder, kind.log);
    const { repository } = environment;
    const service = new ServiceProcess({ repository, kind, variables, httpPort: port, logFile });
    closing.push(() => service.stop());
    await service.untilReady(READY_WITHIN_MS, stop);
    services.push(service);
    return service;
  };
  try {
    const redis = await openRedis(environment, dataset);
    closing.push(() => redis.close());
    const latestS = Math.max(trainingWindow.untilS, await lastEventS(database.pool));
    const clockOffsetS = clockOffset(latestS, Date.now() / 1000);
    const shared = {
      SHORTLIST_DATASET: dataset,
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      SHORTLIST_CLOCK_OFFSET_S: String(clockOffsetS),
    };
    const ingest = await start(INGEST, ingestPort, { ...shared, ...ingestVariables(options) });
    const experiments = await start(EXPERIMENTS, experimentsPort, {
      ...{ ...shared, SHORTLIST_HOME: environment.home },
      ...experimentsVariables(options, await gitCommit(environment.repository)),
    });
    const pod = await start(POD, httpPort, { ...shared, ...podVariables(environment, options, ingest.url) });
    const podUrls = [pod.url];
    for (let number = 2; number <= (options.pods ?? 1); number++) {
      const port = await freePort(host);
      const variables = podVariables(environment, { ...options, httpPort: port, adminPort: 0 }, ingest.url);
      podUrls.push((await start({ ...POD, log: `pod-${number}.log` }, port, { ...shared, ...variables })).url);
    }
    const storefront = await startStorefront({
      folder: page,
      podUrl: pod.url,
      ingestUrl: ingest.url,
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
      podUrls,
      clockOffsetS,
      ingestUrl: ingest.url,
      experimentsUrl: experiments.url,
      storefrontUrl: `http://127.0.0.1:${storefrontPort}`,
      adminUrl: `http://127.0.0.1:${adminPort}`,
      untilStopped: () => untilStopped(services, stop),
    });
  } catch (error) {
    throw database.codedError(error);
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

async function untilStopped(services: readonly ServiceProcess[], stop: AbortSignal): Promise<void> {
  const stopped = stop.aborted ? undefined : once(stop, 'abort').then(() => undefined);
  const ends = services.map((service) => service.ended.then((reason) => ({ service, reason })));
  const ended = await Promise.race([stopped, ...ends]);
  if (ended === undefined || stop.aborted) return;
  const { service, reason } = ended;
  throw new ShortlistError(service.kind.ended, { reason, log: service.logFile });
}

function podVariables(environment: Environment, options: UpOptions, ingestUrl: string): Record<string, string> {
  return {
    SHORTLIST_RECORDS_URL: ingestUrl,
    SHORTLIST_RECORDS_SPOOL: join(datasetPaths(environment.home, options.dataset).folder, 'records'),
    SHORTLIST_HOME: environment.home,
    SHORTLIST_HTTP_HOST: options.host,
    SHORTLIST_HTTP_PORT: String(options.httpPort),
    SHORTLIST_ADMIN_PORT: String(options.adminPort),
    ...(options.rulesFile === undefined ? {} : { SHORTLIST_RULES_FILE: options.rulesFile }),
  };
}

function ingestVariables(options: UpOptions): Record<string, string> {
  return {
    SHORTLIST_INGEST_HTTP_HOST: options.host,
    SHORTLIST_INGEST_HTTP_PORT: String(options.ingestPort),
    SHORTLIST_INGEST_ADMIN_PORT: '0',
  };
}

function experimentsVariables(options: UpOptions, commit: string): Record<string, string> {
  return {
    SHORTLIST_EXPERIMENTS_HTTP_HOST: options.host,
    SHORTLIST_EXPERIMENTS_HTTP_PORT: String(options.experimentsPort),
    SHORTLIST_EXPERIMENTS_ADMIN_PORT: '0',
    SHORTLIST_EXPERIMENTS_COMMIT: commit,
    ...(options.analysisEveryS === undefined
      ? {}
      : { SHORTLIST_EXPERIMENTS_ANALYSIS_EVERY_S: String(options.analysisEveryS) }),
  };
}

/** The addresses, as a person wants them. */
export function addresses(platform: Platform): string {
  return [
    `  storefront   ${platform.storefrontUrl}`,
    `  API          ${platform.podUrl}/recommend   (reference: ${platform.podUrl}/docs)`,
    `  events       ${platform.ingestUrl}/events   (reference: ${platform.ingestUrl}/docs)`,
    `  experiments  ${platform.experimentsUrl}/experiments   (reference: ${platform.experimentsUrl}/docs)`,
    `  status       ${platform.podUrl}/status   ${platform.ingestUrl}/status   ${platform.experimentsUrl}/status`,
    `  metrics      ${platform.adminUrl}/metrics   ${platform.ingestUrl}/metrics   ${platform.experimentsUrl}/metrics   (Prometheus: docs/observability.md)`,
    `  dashboard    ${platform.adminUrl}/admin/dashboard`,
  ].join('\n');
}
