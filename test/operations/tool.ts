import { spawnSync, type SpawnSyncReturns } from 'node:child_process';

/** Programs that come with Debian packages: `apt-get install prometheus prometheus-alertmanager`. */
export interface Tool {
  readonly run: (...args: string[]) => SpawnSyncReturns<string>;
  readonly path: string;
  /** Why tests that need it are skipped; '' when it is there. */
  readonly absent: string;
}

/**
 * The first of these names that is on PATH. CI installs all of them and sets REQUIRE_TOOLS, under which a missing one is
 * a failure and no skip.
 */
export function findTool(...names: readonly string[]): Tool {
  const path = names.find((name) => spawnSync(name, ['--version']).error === undefined);
  if (path === undefined && process.env.REQUIRE_TOOLS !== undefined)
    throw new Error(`${names.join(' or ')} is missing`);
  return {
    path: path ?? '',
    run: (...args) => spawnSync(path ?? '', args, { encoding: 'utf8', maxBuffer: 64 << 20 }),
    absent: path === undefined ? `skipped: no ${names.join(' or ')} on PATH (make setup says how to get it)` : '',
  };
}

/** What it says when it fails; '' when it does not. */
export const failureOf = ({ status, stdout, stderr }: SpawnSyncReturns<string>): string =>
  status === 0 ? '' : stdout + stderr;
