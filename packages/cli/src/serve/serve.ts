import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { CONFIG_PROGRAM } from '@shortlist/serving/config.ts';
import { TURN_DONE, TURN_GIVEN, TURN_WANTED } from '@shortlist/serving/load-turn.ts';
import { readConfig } from '@shortlist/service/config.ts';
import { freePort, requireFreePort } from '../up/listen.ts';
import { PodWorker } from './pod-worker.ts';
import { processMemory } from './process-memory.ts';
import { NeverReady, supervise } from './supervisor.ts';
import { Turns } from './turns.ts';

export interface ServeOptions {
  readonly repository: string;
  /** What the pods are told beside what is decided here: the environment of the command. */
  readonly variables: Readonly<Record<string, string>>;
  readonly processes: number;
  /** 0 takes a free one. */
  readonly httpPort: number;
  /** Of the first process; the others take the next ones. 0 takes free ones. */
  readonly adminPort: number;
  readonly dataset?: string;
  /** Takes the pods' log, line by line. */
  readonly onLogLine: (line: string) => void;
  /** What an operator reads. */
  readonly say: (line: string) => void;
}

/** Beyond what a pod may take to drain; one that is still there then hangs. */
const STOP_MARGIN_MS = 15_000;
const MIB = 1024 * 1024;

/**
 * Runs ranking pods that share one port, one per core, until `stop` is aborted. Each has an admin port of its own, where
 * Prometheus finds its metrics; one that dies is started again and takes no traffic before it is ready. A new release is
 * loaded by one after the other.
 * @throws `config_invalid`, `port_in_use`, `pod_start_failed`
 */
export async function serve(options: ServeOptions, stop: AbortSignal): Promise<void> {
  const { variables, processes, say } = options;
  const host = variables.SHORTLIST_HTTP_HOST ?? '0.0.0.0';
  // A pod of somebody else's on the shared port would silently take a part of the traffic.
  if (options.httpPort !== 0) await requireFreePort(host, options.httpPort);
  const httpPort = options.httpPort === 0 ? await freePort(host) : options.httpPort;
  const shared = {
    ...variables,
    SHORTLIST_HTTP_PORT: String(httpPort),
    SHORTLIST_SHARE_PORT: 'true',
    SHORTLIST_LISTEN_WHEN_READY: 'true',
    ...(options.dataset === undefined ? {} : { SHORTLIST_DATASET: options.dataset }),
  };
  const { drainMs, drainDelayMs } = readConfig(CONFIG_PROGRAM, shared);
  const workers = new Map<number, PodWorker>();
  const ready = new Set<number>();
  const turns = new Turns<PodWorker>((worker) => worker.send(TURN_GIVEN));
  const start = (number: number): PodWorker => {
    const adminPort = options.adminPort === 0 ? 0 : options.adminPort + number - 1;
    const worker = new PodWorker({
      repository: options.repository,
      variables: { ...shared, SHORTLIST_ADMIN_PORT: String(adminPort) },
      onLine: options.onLogLine,
      onMessage(from, message) {
        if (message === TURN_WANTED) turns.want(from);
        else if (message === TURN_DONE) turns.done(from);
      },
      stopWithinMs: drainMs + drainDelayMs + STOP_MARGIN_MS,
    });
    workers.set(number, worker);
    void worker.ended.then(() => turns.done(worker));
    return worker;
  };
  try {
    await supervise(
      {
        count: processes,
        start,
        onReady(number) {
          ready.add(number);
          say(lineOf(number, workers.get(number)!));
          if (ready.size === processes) say(`All ${processes} serve http://${host}:${httpPort}. Stop with Ctrl-C.`);
        },
        onEnded(number, reason, afterMs) {
          ready.delete(number);
          say(`process ${number} ended: ${reason}. Started again in ${afterMs / 1000} s.`);
        },
      },
      stop,
    );
  } catch (error) {
    if (!(error instanceof NeverReady)) throw error;
    throw new ShortlistError('pod_start_failed', { reason: error.message, log: 'above' });
  }
}

/** `process 2 (pid 123): ready, admin port 8082, 412 MiB resident, 391 MiB its own share` */
function lineOf(number: number, { pid, adminPort }: PodWorker): string {
  const memory = pid === undefined ? null : processMemory(pid);
  const mib = (bytes: number): string => `${Math.round(bytes / MIB)} MiB`;
  const taken = memory && `, ${mib(memory.rssBytes)} resident, ${mib(memory.pssBytes)} its own share`;
  return `process ${number} (pid ${pid}): ready, admin port ${adminPort}${taken ?? ''}`;
}
