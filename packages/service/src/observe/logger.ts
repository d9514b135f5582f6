import { destination, pino, type Logger } from 'pino';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { FinishedRequest } from './finished-request.ts';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Fields of every line. */
  readonly base: Readonly<Record<string, string | number>>;
}

export interface ServiceLogger {
  readonly log: Logger;
  /** Writes what is buffered; the last thing a process does. */
  flush(): void;
}

const BUFFER_BYTES = 4096;
const FLUSH_EVERY_MS = 1_000;

/** JSON lines on stdout, written in blocks: pino's default writes each line synchronously and stalls the event loop. */
export function createLogger({ level, base }: LoggerOptions): ServiceLogger {
  const stdout = destination({ dest: 1, sync: false, minLength: BUFFER_BYTES });
  const log = pino({ level, base, timestamp: pino.stdTimeFunctions.isoTime }, stdout);
  const timer = setInterval(() => stdout.flush(), FLUSH_EVERY_MS);
  timer.unref();
  return {
    log,
    flush() {
      clearInterval(timer);
      stdout.flushSync();
    },
  };
}

/**
 * One line per request: all of them at `debug`, a share of them at `info`. An unexpected failure is always logged, with
 * its stack, since the caller was told the request id only. `chance` is in [0, 1).
 */
export function logRequest(log: Logger, request: FinishedRequest, share: number, chance: number): void {
  if (request.error !== undefined && !(request.error instanceof ShortlistError)) {
    log.error({ ...lineOf(request), err: request.error }, 'request failed unexpectedly');
  } else if (log.isLevelEnabled('debug')) log.debug(lineOf(request), 'request');
  else if (chance < share) log.info(lineOf(request), 'request');
}

/** An allow-list: no id of a shopper, no text of a client but its request id. */
function lineOf({ requestId, method, route, status, ms, tier, degraded, timings, error }: FinishedRequest): object {
  return {
    request_id: requestId,
    method,
    route,
    status,
    ms: Math.round(ms * 1000) / 1000,
    ...(tier === '' ? {} : { tier }),
    ...(degraded.length === 0 ? {} : { degraded }),
    ...(error instanceof ShortlistError ? { code: error.code } : {}),
    ...(timings === undefined ? {} : { stages_ms: timings.toJSON() }),
    ...(timings?.traceId === undefined ? {} : { trace_id: timings.traceId }),
  };
}
