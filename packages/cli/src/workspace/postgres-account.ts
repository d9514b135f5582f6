import { spawnSync } from 'node:child_process';
import { chownSync, cpSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { postgresProgram, type PostgresFolder } from './postgres-binaries.ts';

/** Whom PostgreSQL runs as: undefined = the caller; otherwise another account, because it refuses to run as root. */
export type Account = { readonly uid: number; readonly gid: number } | undefined;

const NAME = 'postgres';

function idOf(flag: '-u' | '-g'): number | undefined {
  const { status, stdout } = spawnSync('id', [flag, NAME], { encoding: 'utf8' });
  return status === 0 ? Number(stdout) : undefined;
}

/** The account for PostgreSQL; as root it is the system account `postgres`, made when the machine has none. */
export function postgresAccount(): Account {
  if (process.getuid?.() !== 0) return undefined;
  if (idOf('-u') === undefined) {
    const made = spawnSync('useradd', ['--system', '--user-group', '--no-create-home', NAME], { encoding: 'utf8' });
    if (made.status !== 0) {
      const reason = `PostgreSQL does not run as root and the account "${NAME}" cannot be made (${made.stderr.trim()})`;
      throw new ShortlistError('database_start_failed', { reason, log: 'useradd' });
    }
  }
  return { uid: idOf('-u')!, gid: idOf('-g')! };
}

const run = (account: NonNullable<Account>, program: string, ...args: string[]) =>
  spawnSync(program, args, { ...account, cwd: '/', encoding: 'utf8' });

export function makeFolder(path: string, account: Account): void {
  mkdirSync(path, { recursive: true });
  if (account !== undefined) chownSync(path, account.uid, account.gid);
}

/**
 * The programs in a place the account can reach. A checkout below a private folder (/root, a 0700 temporary folder)
 * is closed to it; opening the chain would change the rights of folders that are not ours, so the programs are copied
 * (60 MB, once) to the system's temporary folder.
 */
export function reachablePrograms(folder: PostgresFolder, account: Account): PostgresFolder {
  if (account === undefined || run(account, postgresProgram(folder, 'postgres'), '--version').status === 0) {
    return folder;
  }
  const { version } = JSON.parse(readFileSync(join(folder, '..', 'package.json'), 'utf8')) as { version: string };
  const copy = join(tmpdir(), `shortlist-postgres-programs-${version}`);
  if (!existsSync(copy)) {
    const partial = `${copy}.${process.pid}`;
    cpSync(folder, partial, { recursive: true, verbatimSymlinks: true });
    spawnSync('chmod', ['-R', 'a+rX,go-w', partial]);
    try {
      renameSync(partial, copy);
    } catch (error) {
      rmSync(partial, { recursive: true });
      // Another process was faster; its copy is the same.
      if (!existsSync(copy)) throw error;
    }
  }
  // Anybody can make a folder of this name in a shared temporary folder; programs are run only from our own.
  if (lstatSync(copy).uid !== process.getuid?.()) {
    const reason = `${copy} belongs to somebody else; remove it`;
    throw new ShortlistError('database_start_failed', { reason, log: copy });
  }
  return copy;
}

/** True when the account can enter `folder` (which exists): whether a database may live there. */
export function canReach(folder: string, account: Account): boolean {
  return account === undefined || run(account, 'test', '-x', folder).status === 0;
}
