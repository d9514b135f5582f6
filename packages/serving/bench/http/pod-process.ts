import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const REPOSITORY = resolve(import.meta.dirname, '../../../..');
const READY_WITHIN_MS = 120_000;
const TICKS_PER_S = 100;

export interface PodProcessOptions {
  readonly variables: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Core that it may use. */
  readonly core: number;
  /** Options of node, e.g. `--cpu-prof`. */
  readonly nodeOptions?: readonly string[];
}

/** The ranking pod as it is deployed, its own main.ts, pinned to one core. */
export class PodProcess {
  readonly url: string;
  readonly adminUrl: string;
  /** From its start until it was ready, ms. */
  readonly startMs: number;
  readonly #child: ChildProcess;

  static async start({ variables, logFile, core, nodeOptions = [] }: PodProcessOptions): Promise<PodProcess> {
    const startedMs = performance.now();
    const port = await freePort();
    const adminPort = await freePort();
    const log = openSync(logFile, 'w');
    const main = join(REPOSITORY, 'packages/serving/src/main.ts');
    const child = spawn(
      'taskset',
      ['-c', String(core), process.execPath, '--disable-warning=ExperimentalWarning', ...nodeOptions, main],
      {
        env: {
          PATH: process.env.PATH,
          ...variables,
          SHORTLIST_HTTP_PORT: String(port),
          SHORTLIST_ADMIN_PORT: String(adminPort),
        },
        stdio: ['ignore', log, log],
      },
    );
    closeSync(log);
    const url = `http://127.0.0.1:${port}`;
    for (;;) {
      const isReady = await fetch(`${url}/health/ready`).then(
        (response) => response.ok,
        () => false,
      );
      const tookMs = performance.now() - startedMs;
      if (isReady) return new PodProcess(child, { url, adminUrl: `http://127.0.0.1:${adminPort}` }, tookMs);
      if (child.exitCode !== null || tookMs > READY_WITHIN_MS) {
        child.kill('SIGKILL');
        throw new Error(`the pod did not get ready:\n${readFileSync(logFile, 'utf8').slice(-4000)}`);
      }
      await sleep(20);
    }
  }

  private constructor(child: ChildProcess, { url, adminUrl }: { url: string; adminUrl: string }, startMs: number) {
    this.#child = child;
    this.url = url;
    this.adminUrl = adminUrl;
    this.startMs = startMs;
  }

  /** CPU time that it has taken so far, user and system of all threads, us. */
  cpuUs(): number {
    const stat = readFileSync(`/proc/${this.#child.pid!}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_S) * 1e6;
  }

  rssBytes(): number {
    return 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.#child.pid!}/status`, 'utf8'))![1]);
  }

  /** Time spent in each stage so far, us, and how often it ran. */
  async stages(): Promise<ReadonlyMap<string, { readonly us: number; readonly count: number }>> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const read = (part: string): Map<string, number> => {
      const lines = text.matchAll(
        new RegExp(`^shortlist_stage_duration_seconds_${part}\\{stage="(\\w+)"\\} (\\S+)$`, 'gm'),
      );
      return new Map([...lines].map(([, stage, value]) => [stage!, Number(value)]));
    };
    const counts = read('count');
    return new Map([...read('sum')].map(([stage, s]) => [stage, { us: s * 1e6, count: counts.get(stage) ?? 0 }]));
  }

  /** Ends it as an operator would. */
  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    const hung = setTimeout(() => this.#child.kill('SIGKILL'), 20_000);
    await ended;
    clearTimeout(hung);
  }
}

function freePort(): Promise<number> {
  return new Promise((found) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => found(port));
    });
  });
}
