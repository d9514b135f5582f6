import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { kindsOf } from './kinds.ts';
import { createKubeApi, loadKubeConfig } from './runtime/https-kube-api.ts';
import type { RunnerObserver } from './runtime/kind-runner.ts';
import { Operator } from './runtime/operator.ts';

export interface OpenedController {
  readonly operator: Operator;
  readonly identity: string;
  /** Lets go of the lease; nothing is in work afterwards. */
  close(): Promise<void>;
}

const RETRY_BASE_MS = 250;
const WATCH_BACKOFF = { baseMs: 250, maxMs: 15_000 };

/**
 * The operator with its connection to the API server; it begins at once to ask for the lease. An API server that is away
 * is waited for. @throws `config_invalid` for a kubeconfig that cannot be used
 */
export function openController(
  config: Config,
  { log, version, observer }: { log: Logger; version: string; observer: RunnerObserver },
): OpenedController {
  const { namespace, kubeconfig, leaseName, workers, apiTimeoutMs } = config;
  const api = createKubeApi({
    config: loadKubeConfig(kubeconfig),
    timeoutMs: apiTimeoutMs,
    userAgent: `shortlist-controller/${version}`,
  });
  // A pod that is started anew under its name is another one.
  const identity = `${config.identity === '' ? hostname() : config.identity}_${randomUUID().slice(0, 8)}`;
  const operator = new Operator({
    ...{ api, namespace, identity, log, observer, workers },
    kinds: kindsOf(config),
    lease: { leaseName, durationMs: config.leaseDurationS * 1000, renewEveryMs: config.leaseRenewEveryMs },
    relistEveryMs: config.relistEveryS * 1000,
    backoff: { baseMs: RETRY_BASE_MS, maxMs: Math.max(RETRY_BASE_MS, config.retryMaxMs) },
    watchBackoff: WATCH_BACKOFF,
    nowMs: () => performance.now(),
    now: Date.now,
    chance: Math.random,
  });
  operator.start();
  return {
    ...{ operator, identity },
    async close() {
      await operator.stop();
      api.close();
    },
  };
}
