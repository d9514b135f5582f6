import type { Logger } from 'pino';
import type { ServiceLogger } from '@shortlist/service/observe/logger.ts';
import type { Tracing } from '@shortlist/service/observe/tracing.ts';
import { runService } from '@shortlist/service/run-service.ts';
import { Admission } from './admission/admission.ts';
import type { Config } from './config.ts';
import { Lifecycle, type Served } from './lifecycle.ts';
import type { PipelineObserver } from './recommender.ts';
import { createPodServer } from './server.ts';

export interface PodOptions {
  readonly config: Config;
  readonly logger: ServiceLogger;
  readonly version: string;
  readonly tracing?: Tracing | null;
  /** Loads, checks and warms up what the pod serves. Throws coded errors. */
  readonly open: (context: OpenContext) => Promise<OpenedPod>;
}

export interface OpenContext {
  readonly config: Config;
  readonly log: Logger;
  readonly observer: PipelineObserver;
  readonly admission: Admission;
  readonly tracing: Tracing | null;
}

export interface OpenedPod extends Served {
  /** Frees stores and sessions; called when nothing is in flight any more. */
  close(): Promise<void>;
}

/** Runs a ranking pod until SIGTERM or SIGINT. */
export async function runPod({ config, logger, version, open, tracing = null }: PodOptions): Promise<void> {
  const { log } = logger;
  const lifecycle = new Lifecycle();
  const admission = new Admission({ limits: config });
  const server = await createPodServer({ config, lifecycle, admission, log, version, tracing });
  await runService({
    logger,
    ports: server,
    open: () => open({ config, log, observer: server.observer, admission, tracing }),
    tracing,
    serve(opened) {
      lifecycle.serve(opened);
      return { release: lifecycle.releaseStatus.active };
    },
  });
}
