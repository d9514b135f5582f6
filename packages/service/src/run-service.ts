import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { readConfig, type ConfigProgram } from './config.ts';
import type { ServiceLogger } from './observe/logger.ts';
import type { Tracing } from './observe/tracing.ts';
import type { Static, TObject } from 'typebox';

export interface ServiceOptions<Opened extends { close(): Promise<void> }> {
  readonly logger: ServiceLogger;
  readonly ports: {
    listen(): Promise<object>;
    accept(): Promise<object>;
    drain(): Promise<number>;
  };
  /** Loads and checks what the service serves with. Throws coded errors. */
  readonly open: () => Promise<Opened>;
  /** From here on it serves; returns what the log should say of it. */
  readonly serve: (opened: Opened) => object;
  /** Closed last, so that it sends also what happens while the rest closes. */
  readonly tracing?: Tracing | null;
}

/** Exit codes: a coded error, which the operator can mend, and a bug. */
const EXIT = { operating: 2, bug: 1 } as const;
const EXIT_AFTER_MS = 3_000;

/**
 * Runs a service until SIGTERM or SIGINT: listens, loads, turns ready; on the signal drains and ends the process by
 * itself. A start that fails ends it with the coded error in the log.
 */
export async function runService<Opened extends { close(): Promise<void> }>({
  logger,
  ports,
  open,
  serve,
  tracing = null,
}: ServiceOptions<Opened>): Promise<void> {
  const { log } = logger;
  let opened: Opened | undefined;
  let stopping: Promise<void> | undefined;

  const stop = (reason: string): Promise<void> =>
    (stopping ??= (async () => {
      log.info({ reason }, 'draining');
      const cutOff = await ports.drain();
      await opened?.close();
      // A collector that is away is no reason to end badly.
      await tracing?.close().catch((error: unknown) => log.warn({ err: error }, 'traces were not sent'));
      log.info({ cut_off: cutOff }, 'stopped');
      logger.flush();
      // Normally nothing keeps the process alive now; this is for a native library that does.
      setTimeout(() => process.exit(), EXIT_AFTER_MS).unref();
    })());
  const fail = async (error: unknown): Promise<void> => {
    process.exitCode = error instanceof ShortlistError ? EXIT.operating : EXIT.bug;
    if (error instanceof ShortlistError) log.fatal({ code: error.code, details: error.details }, error.message);
    else log.fatal({ err: error }, 'the service failed');
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
    log.info(await ports.listen(), 'listening');
    const startedMs = performance.now();
    opened = await open();
    if (stopping !== undefined) {
      await opened.close();
      return;
    }
    const about = serve(opened);
    const accepting = await ports.accept();
    log.info({ ...about, ...accepting, load_ms: Math.round(performance.now() - startedMs) }, 'ready');
  } catch (error) {
    await fail(error);
  }
}

/** A configuration that is wrong ends the process before there is a logger: one line on stderr and exit code 2. */
export function configOrExit<Schema extends TObject>(
  program: ConfigProgram<Schema>,
  variables: Readonly<Record<string, string | undefined>>,
): Readonly<Static<Schema>> {
  try {
    return readConfig(program, variables);
  } catch (error) {
    if (!(error instanceof ShortlistError)) throw error;
    process.stderr.write(`error ${error.code}: ${error.message}\n`);
    process.exit(EXIT.operating);
  }
}
