import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Environment } from '../../src/environment.ts';
import { createCluster } from '../../src/workspace/database.ts';

const START_TRIES_MAX = 40;
/** More than the server allows. */
const CONNECTIONS_MAX = 110;
const ROUNDS_MAX = 200;
const AT_ONCE = 16;

/** The typings leave out the number of the server's process. */
type Numbered = Client & { readonly processID: number };

/** Does to the embedded PostgreSQL of a workspace what befalls servers. Its port must be configured, or it would move. */
export class PostgresControl {
  readonly #environment: Environment;
  readonly #url: string;
  readonly #hogs: Numbered[] = [];

  constructor(environment: Environment, url: string) {
    this.#environment = environment;
    this.#url = url;
  }

  get #cluster() {
    return createCluster(this.#environment);
  }

  get running(): boolean {
    return this.#cluster.status().running;
  }

  /** SIGKILL: as if the machine lost its memory; SIGINT: the server ends in order, its connections with it. */
  async end(signal: 'SIGKILL' | 'SIGINT'): Promise<void> {
    process.kill(this.#cluster.status().pid!, signal);
    while (this.running) await sleep(20);
  }

  /** As a supervisor does: again until it runs. */
  async start(): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        // Who has joined already counts once.
        await this.#cluster.join();
        return;
      } catch (error) {
        // After SIGKILL its last children hold the shared memory for a moment.
        if (tries === START_TRIES_MAX) throw error;
        await sleep(100);
      }
    }
  }

  async setReadOnly(readOnly: boolean): Promise<void> {
    await this.#administer(async (client) => {
      await client.query('SET default_transaction_read_only = off');
      await client.query(
        readOnly
          ? 'ALTER SYSTEM SET default_transaction_read_only = on'
          : 'ALTER SYSTEM RESET default_transaction_read_only',
      );
      await client.query('SELECT pg_reload_conf()');
    });
  }

  /** Takes every connection that there is, those of others as well, who try to get them back meanwhile. */
  async exhaustConnections(): Promise<void> {
    await this.#fill();
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const { rowCount } = await this.#hogs[0]!.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE backend_type = 'client backend' AND NOT pid = ANY($1)`,
        [this.#hogs.map(({ processID }) => processID)],
      );
      if (rowCount === 0) return;
      await Promise.all(Array.from({ length: AT_ONCE }, () => this.#fill()));
    }
    throw new Error('others were always faster');
  }

  /** Every read of a profile from the log takes so many seconds longer; 0: as it was. */
  async delayProfiles(seconds: number): Promise<void> {
    await this.#administer(async (client) => {
      const { rows } = await client.query<{ source: string }>(
        "SELECT pg_get_functiondef('recent_events'::regproc) AS source",
      );
      const source = rows[0]!.source.replace(/^ {2}PERFORM pg_sleep.*\n/m, '');
      await client.query(
        seconds === 0 ? source : source.replace(/^BEGIN\n/m, `BEGIN\n  PERFORM pg_sleep(${seconds});\n`),
      );
    });
  }

  async releaseConnections(): Promise<void> {
    for (const hog of this.#hogs.splice(0)) await hog.end();
  }

  async #fill(): Promise<void> {
    while (this.#hogs.length < CONNECTIONS_MAX) {
      const client = this.#client();
      client.on('error', () => undefined);
      try {
        await client.connect();
      } catch {
        return;
      }
      this.#hogs.push(client);
    }
  }

  #client(): Numbered {
    return new Client({ connectionString: this.#url }) as Numbered;
  }

  async #administer(work: (client: Client) => Promise<void>): Promise<void> {
    const client = this.#client();
    await client.connect();
    try {
      await work(client);
    } finally {
      await client.end();
    }
  }
}

/** A file system of so many MiB in `folder`; false where mounting is not allowed. */
export function mountSmall(folder: string, mib: number): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,mode=755`, 'tmpfs', folder]).status === 0;
}

export const unmount = (folder: string): void => void spawnSync('umount', ['--lazy', folder]);
