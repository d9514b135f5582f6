import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { freePort } from './free-port.ts';
import { canReach, makeFolder, postgresAccount, reachablePrograms, type Account } from './postgres-account.ts';
import { findPostgres, postgresProgram } from './postgres-binaries.ts';
import { Holders, withLock } from './process-lock.ts';

const HOST = '127.0.0.1';
const USER = 'shortlist';
const START_TIMEOUT_S = 60;
const STOP_TIMEOUT_S = 30;
const NO_SPACE = 'No space left on device';
const LOG_TAIL_CHARACTERS = 10_000;
/** Less than one segment of the write-ahead log: the server cannot go on. */
const FREE_BYTES_MIN = 16 << 20;

/** Settings on top of the defaults; fsync and synchronous_commit stay on: an acknowledged event survives a crash. */
const SETTINGS = [
  `listen_addresses=${HOST}`,
  'unix_socket_directories=',
  'max_connections=100',
  // The indexes of some million events stay in memory while they are filled.
  'shared_buffers=256MB',
  // Imports write in bursts; with the default of 1 GB they would force a checkpoint every few seconds.
  'max_wal_size=4GB',
  'checkpoint_completion_target=0.9',
  // A transaction that touches every day of some years locks each day's table and indexes.
  'max_locks_per_transaction=512',
  // Queries here are short or plain scans: compiling them costs more than it gives.
  'jit=off',
  'timezone=UTC',
];

export interface ClusterOptions {
  /** The workspace folder. */
  readonly home: string;
  /** Loopback port; a free one when absent. */
  readonly port?: number;
  /** Told what happens when it takes a while or is unusual. */
  readonly log: (line: string) => void;
}

export interface ClusterStatus {
  readonly running: boolean;
  readonly folder: string;
  readonly port?: number;
  readonly pid?: number;
}

/**
 * One embedded PostgreSQL for a workspace, shared by all its processes: the first one starts the server, the others
 * join, the last one to leave stops it. The server is no child of any of them, so that none takes it along when it is
 * killed; who comes next finds it running (or finds its stale pid file, which PostgreSQL itself clears) and cleans up.
 */
export class PostgresCluster {
  readonly #options: ClusterOptions;
  readonly #control: string;
  readonly #holders: Holders;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#control = join(options.home, 'postgres');
    this.#holders = new Holders(join(this.#control, 'holders'));
  }

  /**
   * Makes sure the server runs and counts this process among its users; returns its URL up to the database's name.
   * @throws `port_in_use`, `disk_full`, `database_start_failed`, `database_binaries_missing`, `workspace_locked`
   */
  async join(): Promise<string> {
    mkdirSync(this.#control, { recursive: true });
    return this.#locked(async () => {
      if (this.status().running) {
        this.#holders.add();
        return this.#url();
      }
      const account = postgresAccount();
      const programs = reachablePrograms(findPostgres(), account);
      const folder = this.#prepareFolder(account);
      if (!existsSync(join(folder, 'data', 'PG_VERSION'))) await this.#initialise(programs, folder, account);
      await this.#start(programs, folder, account);
      this.#holders.add();
      return this.#url();
    });
  }

  /** This process no longer needs the server; the last one stops it. */
  async leave(): Promise<void> {
    await this.#locked(async () => {
      if (this.#holders.remove() && this.status().running) await this.#stop();
    });
  }

  /** The server stays up when its users are gone, until `stop`. Call it between `join` and `leave`. */
  async keepRunning(): Promise<void> {
    await this.#locked(() => Promise.resolve(this.#holders.pin()));
  }

  /** Stops the server unless a process uses it; returns the numbers of those processes. */
  async stop(): Promise<readonly string[]> {
    if (!existsSync(this.#control)) return [];
    return this.#locked(async () => {
      this.#holders.unpin();
      const living = this.#holders.living();
      if (living.length === 0 && this.status().running) await this.#stop();
      return living;
    });
  }

  /** Why the server went away, if that can be told: a full disk ends it when it cannot write its log ahead. */
  causeOfLoss(): ShortlistError | undefined {
    const folder = this.#folder();
    const { bavail, bsize } = statfsSync(folder);
    const log = readFileSync(join(folder, 'server.log'), 'utf8').slice(-LOG_TAIL_CHARACTERS);
    const full = bavail * bsize < FREE_BYTES_MIN || log.includes(NO_SPACE);
    return full ? new ShortlistError('disk_full', { what: `the database in ${folder}` }) : undefined;
  }

  status(): ClusterStatus {
    const folder = this.#folder();
    const pidFile = join(folder, 'data', 'postmaster.pid');
    if (!existsSync(pidFile)) return { running: false, folder };
    // Lines: pid, data folder, start time, port, socket folder, address, shared memory, status.
    const [pid, , , port] = readFileSync(pidFile, 'utf8').split('\n').map(Number);
    return isPostgres(pid!) ? { running: true, folder, pid: pid!, port: port! } : { running: false, folder };
  }

  #locked<T>(work: () => Promise<T>): Promise<T> {
    return withLock(join(this.#control, 'lock'), work);
  }

  /** Where data, password and log lie: in the workspace unless PostgreSQL's account cannot get there. */
  #folder(): string {
    const pointer = join(this.#control, 'elsewhere');
    return existsSync(pointer) ? readFileSync(pointer, 'utf8').trim() : this.#control;
  }

  #prepareFolder(account: Account): string {
    let folder = this.#folder();
    if (folder === this.#control && !canReach(this.#control, account)) {
      folder = join(tmpdir(), `shortlist-postgres-${randomBytes(6).toString('hex')}`);
      writeFileSync(join(this.#control, 'elsewhere'), `${folder}\n`);
      this.#options.log(`the database's account cannot enter ${this.#control}; its files are in ${folder}`);
    }
    makeFolder(folder, account);
    return folder;
  }

  #url(): string {
    const { port, folder } = this.status();
    const password = readFileSync(join(folder, 'password'), 'utf8').trim();
    return `postgres://${USER}:${password}@${HOST}:${port}`;
  }

  async #initialise(programs: string, folder: string, account: Account): Promise<void> {
    this.#options.log('creating the embedded PostgreSQL (once)');
    // A folder without PG_VERSION is what an interrupted initdb left.
    rmSync(join(folder, 'data'), { recursive: true, force: true });
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, `${randomBytes(18).toString('base64url')}\n`, { mode: 0o600 });
    if (account !== undefined) chownSync(passwordFile, account.uid, account.gid);
    const initdb = await run(
      postgresProgram(programs, 'initdb'),
      [
        `--pgdata=${join(folder, 'data')}`,
        `--username=${USER}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        // Byte order: the same on every machine, and the fastest to compare.
        '--locale=C',
      ],
      account,
    );
    if (initdb.code !== 0) throw startFailure(initdb.output, join(folder, 'data'));
  }

  async #start(programs: string, folder: string, account: Account): Promise<void> {
    const port = this.#options.port ?? (await freePort(HOST));
    const logFile = join(folder, 'server.log');
    writeFileSync(logFile, '');
    if (account !== undefined) chownSync(logFile, account.uid, account.gid);
    const server = [`-p ${port}`, ...SETTINGS.map((setting) => `-c ${setting}`)].join(' ');
    const { code, output } = await run(
      postgresProgram(programs, 'pg_ctl'),
      ['start', '-w', '-t', `${START_TIMEOUT_S}`, '-D', join(folder, 'data'), '-l', logFile, '-o', server],
      account,
    );
    if (code === 0) return;
    const log = readFileSync(logFile, 'utf8');
    if (log.includes('Address already in use')) {
      const reason = 'another process listens there (SHORTLIST_POSTGRES_PORT chooses the port)';
      throw new ShortlistError('port_in_use', { host: HOST, port, reason });
    }
    throw startFailure(`${output}\n${log}`, logFile);
  }

  async #stop(): Promise<void> {
    const account = postgresAccount();
    const folder = this.#folder();
    const programs = reachablePrograms(findPostgres(), account);
    const stop = (mode: string) =>
      run(
        postgresProgram(programs, 'pg_ctl'),
        ['stop', '-w', '-t', `${STOP_TIMEOUT_S}`, '-m', mode, '-D', join(folder, 'data')],
        account,
      );
    // With a full disk the last checkpoint would be tried for ever.
    if (this.causeOfLoss() === undefined && (await stop('fast')).code === 0) return;
    // Loses nothing that was committed: the next start recovers from the log.
    const { code, output } = await stop('immediate');
    if (code !== 0 && this.status().running) {
      this.#options.log(`PostgreSQL does not stop: ${output.trim()} (${join(folder, 'server.log')})`);
    }
  }
}

/** Whether process `pid` is a PostgreSQL: the pid file of a server that was killed may name anybody by now. */
function isPostgres(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const command = `/proc/${pid}/comm`;
  return !existsSync(command) || readFileSync(command, 'utf8').trim() === 'postgres';
}

function startFailure(output: string, log: string): ShortlistError {
  if (output.includes(NO_SPACE)) return new ShortlistError('disk_full', { what: 'the database' });
  const lines = output.trim().split('\n');
  const telling = lines.filter((line) => /FATAL|PANIC|ERROR|error|could not/.test(line));
  return new ShortlistError('database_start_failed', { reason: (telling.at(-1) ?? lines.at(-1) ?? '').trim(), log });
}

/** Runs a PostgreSQL program to its end. Its output goes to no pipe that the server would inherit and keep open. */
function run(program: string, args: readonly string[], account: Account): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...account, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
