import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvironment, type Environment } from '../../src/environment.ts';
import { createCluster } from '../../src/workspace/database.ts';

export interface TemporaryWorkspace {
  readonly environment: Environment;
  /** Variables for a spawned command that uses the same workspace. */
  readonly variables: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}

/** An empty workspace of its own; its embedded PostgreSQL is stopped when it is removed. */
export function temporaryWorkspace(changes: Readonly<Record<string, string>> = {}): TemporaryWorkspace {
  const home = mkdtempSync(join(tmpdir(), 'shortlist-home-'));
  // PostgreSQL's account must get in; what happens when it cannot has its own test.
  chmodSync(home, 0o755);
  const variables = { SHORTLIST_HOME: home, ...changes };
  const environment = readEnvironment(variables);
  return {
    environment,
    variables,
    async remove() {
      const cluster = createCluster(environment);
      await cluster.stop();
      rmSync(cluster.status().folder, { recursive: true, force: true });
      rmSync(home, { recursive: true, force: true });
    },
  };
}
