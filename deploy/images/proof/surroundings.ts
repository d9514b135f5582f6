import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { BUILD_FEATURES } from '@shortlist/core/release/feature-schema.ts';
import { readEnvironment } from '../../../packages/cli/src/environment.ts';
import { openDatabase } from '../../../packages/cli/src/workspace/database.ts';
import { PostgresCluster } from '../../../packages/cli/src/workspace/postgres-cluster.ts';
import { ValkeyServer } from '../../../packages/cli/src/workspace/valkey-server.ts';
import { openRegistry } from '../../../packages/cli/src/workspace/open-registry.ts';
import { buildTinyRelease, writeTinyRun } from '../../../packages/core/test/release/tiny-run.ts';

const REPOSITORY = resolve(import.meta.dirname, '../../..');
const ACCOUNT = 65_532;
export const DATASET = 'demo';

/** Real servers and a workspace with a real release, as the tests use them. */
export interface Surroundings {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** A workspace in which a tiny release is active. */
  readonly workspace: string;
  readonly release: string;
  /** Brings the database's schema up to date from this checkout; the command line's image does so by itself. */
  migrate(): Promise<void>;
  /** A workspace with nothing in it. */
  emptyWorkspace(): string;
  close(): Promise<void>;
}

export async function openSurroundings(): Promise<Surroundings> {
  const folder = mkdtempSync(join(tmpdir(), 'shortlist-images-'));
  // Else PostgreSQL's account could not enter, and its files would lie elsewhere.
  chmodSync(folder, 0o755);
  const home = join(folder, 'servers');
  const cluster = new PostgresCluster({ home, log: () => undefined });
  const valkey = new ValkeyServer({ home, repository: REPOSITORY });
  const databaseUrl = `${await cluster.join()}/postgres`;
  const redisUrl = await valkey.join();
  const workspace = join(folder, 'workspace');
  const releases = join(workspace, 'datasets', DATASET, 'releases');
  await writeTinyRun(join(folder, 'run'), 1, BUILD_FEATURES);
  const { id } = await buildTinyRelease(join(folder, 'run'), releases, { features: BUILD_FEATURES });
  await openRegistry(workspace, DATASET).activate(id);
  giveAway(workspace);
  let made = 0;
  return {
    databaseUrl,
    redisUrl,
    workspace,
    release: id,
    async migrate() {
      const variables = { DATABASE_URL: databaseUrl, SHORTLIST_HOME: home };
      await (await openDatabase(readEnvironment(variables), DATASET)).close();
    },
    emptyWorkspace() {
      const empty = join(folder, `workspace-${(made += 1)}`);
      mkdirSync(empty);
      giveAway(empty);
      return empty;
    },
    async close() {
      await valkey.leave();
      await cluster.leave();
      rmSync(folder, { recursive: true });
    },
  };
}

/** What a volume is: owned by the user of the images. */
function giveAway(folder: string): void {
  chownSync(folder, ACCOUNT, ACCOUNT);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    chownSync(join(entry.parentPath, entry.name), ACCOUNT, ACCOUNT);
}
