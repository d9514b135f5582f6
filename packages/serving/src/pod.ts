import type { Logger } from 'pino';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { Config } from './config.ts';
import { Lifecycle, type Served } from './lifecycle.ts';
import type { PodLogger } from './observe/logger.ts';
import type { PipelineObserver } from './recommender.ts';
import { createPodServer } from './server.ts';

export interface PodOptions {
  readonly config: Config;
  readonly logger: PodLogger;
  readonly version: string;
  /** Loads, checks and warms up what the pod serves. Throws coded errors. */
  readonly open: (context: OpenContext) => Promise<OpenedPod>;
}

export interface OpenContext {
  readonly config: Config;
  readonly log: Logger;
  readonly observer: PipelineObserver;
}

export interface OpenedPod extends Served {
  /** Frees stores and sessions; called when nothing is in flight any more. */
  close(): Promise<void>;
}

/** Exit codes: a coded error, which the operator can mend, and a bug. */
const EXIT = { operating: 2, bug: 1 } as const;
const EXIT_AFTER_MS = 3_000;

/**
 * Runs a pod until SIGTERM or SIGINT: listens, loads, turns ready; on the signal drains and ends the process by itself.
 * A start that fails ends it with the coded error in the log.
 */
export async function runPod({ config, logger, version, open }: PodOptions): Promise<void> {
  const { log } = logger;
  const lifecycle = new Lifecycle();
  const server = await createPodServer({ config, lifecycle, log, version });
  let opened: OpenedPod | undefined;
  let stopping: Promise<void> | undefined;

  const stop = (reason: string): Promise<void> =>
    (stopping ??= (async () => {
      log.info({ reason }, 'draining');
      const cutOff = await server.drain();
      await opened?.close();
      log.info({ cut_off: cutOff }, 'stopped');
      logger.flush();
      // Normally nothing keeps the process alive now; this is for a native library that does.
      setTimeout(() => process.exit(), EXIT_AFTER_MS).unref();
    })());
  const fail = async (error: unknown): Promise<void> => {
    process.exitCode = error instanceof ShortlistError ? EXIT.operating : EXIT.bug;
    if (error instanceof ShortlistError) log.fatal({ code: error.code, details: error.details }, error.message);
    else log.fatal({ err: error }, 'the pod failed');
    await stop('failed');
  };

  // Only listens: the process still dies of it, but not before its log is written.
  process.on('uncaughtExceptionMonitor', (error) => {
    log.fatal({ err: error }, 'uncaught');
    logger.flush();
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      // The process then ends by itself: whatever kept it alive is closed.
      stop(signal).catch((error: unknown) => {
        log.error({ err: error }, 'the drain failed');
        logger.flush();
        process.exitCode = EXIT.bug;
      });
    });
  }
  try {
    const ports = await server.listen();
    log.info(ports, 'listening');
    const startedMs = performance.now();
    opened = await open({ config, log, observer: server.observer });
    if (stopping !== undefined) {
      await opened.close();
      return;
    }
    lifecycle.serve(opened);
    const { active } = lifecycle.releaseStatus;
    log.info({ release: active, load_ms: Math.round(performance.now() - startedMs) }, 'ready');
  } catch (error) {
    await fail(error);
  }
}
