import type { Config } from './config.ts';
import { experimentKind } from './experiment/experiment-kind.ts';
import { modelReleaseKind } from './model-release/kind.ts';
import { podAddress } from './model-release/pods.ts';
import type { KubeObject } from './runtime/kube-object.ts';
import type { ControlledKind } from './runtime/reconciler.ts';

/** Every kind that the controller reconciles. */
export function kindsOf(config: Config): readonly ControlledKind<KubeObject>[] {
  const { experimentsUrl: url, experimentsToken: token, experimentsPollEveryMs: pollEveryMs } = config;
  const { resultsEveryS, refusedAgainS } = config;
  return [
    experimentKind({
      ...{ url, token, pollEveryMs },
      resultsEveryMs: resultsEveryS * 1000,
      refusedAgainMs: refusedAgainS * 1000,
      now: Date.now,
      nowMs: () => performance.now(),
      chance: Math.random,
    }),
    modelReleaseKind({
      pollMs: config.releasePollEveryMs,
      activePollMs: config.releaseActivePollEveryS * 1000,
      podTimeoutMs: config.podTimeoutMs,
      address: podAddress(config.podUrlAnnotation),
      now: Date.now,
    }),
  ];
}
