import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { RedisConnection } from '@shortlist/core/stores/redis/connection.ts';
import { freePort } from './free-port.ts';
import { Holders, identify, isAlive, withLock } from './process-lock.ts';
import { findValkey } from './valkey-binary.ts';

const HOST = '127.0.0.1';
const START_TIMEOUT_MS = 10_000;
const STOP_TIMEOUT_MS = 5_000;
const POLL_MS = 25;
const ATTEMPTS = 3;

/**
 * No persistence: everything here can be made again from PostgreSQL, and an old copy would be worse than none.
 * What is full gives way by the least recently used of what has a lifetime (profiles, answers); what must not be lost
 * while the server runs (the live stream, the generations that guard a profile against a lost event) has none and stays.
 */
const SETTINGS = [
  `bind ${HOST}`,
  'save ""',
  'appendonly no',
  'maxmemory 256mb',
  'maxmemory-policy volatile-lru',
  'lazyfree-lazy-eviction yes',
  'daemonize no',
];

export interface ValkeyServerOptions {
  /** The workspace folder. */
  readonly home: string;
  /** The checkout, whose `.venv` holds the program. */
  readonly repository: string;
  /** Loopback port; the one it had last, or a free one, when absent. */
  readonly valkeyPort?: number;
}

export interface ValkeyStatus {
  readonly running: boolean;
  readonly pid?: number;
  readonly port?: number;
}

/** What the folder remembers of the server. */
interface Known {
  /** Number and start time of its process. */
  readonly process: string;
  readonly port: number;
  readonly password: string;
}

/**
 * One embedded Valkey for a workspace, shared by all its processes like the embedded PostgreSQL: the first one starts
 * it, the others join, the last one to leave stops it. Who comes after it was killed starts it again at the same
 * address, so that those who still use it find it there.
 */
export class ValkeyServer {
  readonly #options: ValkeyServerOptions;
  readonly #folder: string;
  readonly #holders: Holders;

  constructor(options: ValkeyServerOptions) {
    this.#options = options;
    this.#folder = join(options.home, 'valkey');
    this.#holders = new Holders(join(this.#folder, 'holders'));
  }

  /**
   * Makes sure the server runs and counts this process among its users; returns its URL.
   * @throws `redis_start_failed`, `port_in_use`, `redis_binaries_missing`, `workspace_locked`
   */
  async join(): Promise<string> {
    mkdirSync(this.#folder, { recursive: true });
    return this.#locked(async () => {
      const known = this.#known();
      const running = known !== undefined && isAlive(known.process) ? known : await this.#start(known);
      this.#holders.add();
      return urlOf(running);
    });
  }

  /** This process no longer needs the server; the last one stops it. */
  async leave(): Promise<void> {
    await this.#locked(async () => {
      if (this.#holders.remove()) await this.#stop();
    });
  }

  /** The server stays up when its users are gone, until `stop`. Call it between `join` and `leave`. */
  async keepRunning(): Promise<void> {
    await this.#locked(() => Promise.resolve(this.#holders.pin()));
  }

  /** Stops the server unless a process uses it; returns the numbers of those processes. */
  async stop(): Promise<readonly string[]> {
    if (!existsSync(this.#folder)) return [];
    return this.#locked(async () => {
      this.#holders.unpin();
      const living = this.#holders.living();
      if (living.length === 0) await this.#stop();
      return living;
    });
  }

  status(): ValkeyStatus {
    const known = this.#known();
    if (known === undefined || !isAlive(known.process)) return { running: false };
    return { running: true, pid: Number.parseInt(known.process, 10), port: known.port };
  }

  #locked<T>(work: () => Promise<T>): Promise<T> {
    return withLock(join(this.#folder, 'lock'), work);
  }

  get #file(): string {
    return join(this.#folder, 'server.json');
  }

  #known(): Known | undefined {
    return existsSync(this.#file) ? (JSON.parse(readFileSync(this.#file, 'utf8')) as Known) : undefined;
  }

  async #start(former: Known | undefined): Promise<Known> {
    const program = findValkey(this.#options.repository);
    const password = former?.password ?? randomBytes(18).toString('base64url');
    for (let attempt = 1; ; attempt++) {
      const { valkeyPort } = this.#options;
      // The former address first; a free port may be taken by somebody else before the server has it.
      const port = valkeyPort ?? (attempt === 1 && former !== undefined ? former.port : await freePort(HOST));
      const started = await this.#tryStart(program, port, password);
      if (started !== undefined) {
        writeFileSync(this.#file, JSON.stringify(started), { mode: 0o600 });
        return started;
      }
      const log = join(this.#folder, 'server.log');
      const lines = readFileSync(log, 'utf8').trim().split('\n');
      const isTaken = lines.some((line) => line.includes('Address already in use'));
      if (isTaken && valkeyPort !== undefined) {
        const reason = 'another process listens there (SHORTLIST_VALKEY_PORT chooses the port)';
        throw new ShortlistError('port_in_use', { host: HOST, port, reason });
      }
      if (attempt === ATTEMPTS || !isTaken) {
        throw new ShortlistError('redis_start_failed', { reason: lines.at(-1) ?? 'no output', log });
      }
    }
  }

  /** Starts the server and waits until it answers; undefined when it ended by itself. */
  async #tryStart(program: string, port: number, password: string): Promise<Known | undefined> {
    const configuration = join(this.#folder, 'valkey.conf');
    // In a file: an argument could be read by every account of the machine.
    rmSync(configuration, { force: true });
    const lines = [...SETTINGS, `port ${port}`, `requirepass ${password}`, `dir "${this.#folder}"`];
    writeFileSync(configuration, `${lines.join('\n')}\n`, { mode: 0o600 });
    const log = openSync(join(this.#folder, 'server.log'), 'w');
    const child = spawn(program, [configuration], { detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    child.unref();
    const ended = new Promise<'ended'>((resolve) => {
      child.once('error', () => resolve('ended'));
      child.once('exit', () => resolve('ended'));
    });
    const known = child.pid === undefined ? undefined : identify(child.pid);
    if (known === undefined) return undefined;
    const server = { process: known, port, password };
    const first = await Promise.race([ended, untilAnswers(urlOf(server))]);
    if (first === 'answers') return server;
    if (first === 'silent') await end(server.process);
    return undefined;
  }

  async #stop(): Promise<void> {
    const known = this.#known();
    if (known !== undefined && isAlive(known.process)) await end(known.process);
  }
}

const urlOf = ({ port, password }: Known) => `redis://:${password}@${HOST}:${port}`;

async function untilAnswers(url: string): Promise<'answers' | 'silent'> {
  const connection = new RedisConnection(url, { dataset: 'start' });
  const deadline = performance.now() + START_TIMEOUT_MS;
  try {
    while (performance.now() < deadline) {
      try {
        await connection.check();
        return 'answers';
      } catch {
        await sleep(POLL_MS);
      }
    }
    return 'silent';
  } finally {
    connection.close();
  }
}

/** Asks the process to end, and ends it when it does not (a stopped one cannot). */
async function end(identity: string): Promise<void> {
  const pid = Number.parseInt(identity, 10);
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    for (let waited = 0; waited < STOP_TIMEOUT_MS; waited += POLL_MS) {
      if (!isAlive(identity)) return;
      await sleep(POLL_MS);
    }
  }
}
