import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Of the workspace's own packages: they must come from the revision, all others may come from here. */
const SCOPE = '@shortlist';

/**
 * A revision in a folder of its own, with the libraries of this checkout. A revision that was made with other versions of
 * them is compared with these, which is said on stderr.
 */
export function checkOut(repository: string, revision: string, folder: string): void {
  execFileSync('git', ['worktree', 'add', '--detach', '--quiet', folder, revision], { cwd: repository });
  if (
    readFileSync(join(folder, 'package-lock.json'), 'utf8') !==
    readFileSync(join(repository, 'package-lock.json'), 'utf8')
  )
    console.error(`${revision} has another package-lock.json: it is measured with the libraries of this checkout`);
  linkLibraries(join(repository, 'node_modules'), join(folder, 'node_modules'));
  for (const name of readdirSync(join(folder, 'packages'))) {
    const own = join(repository, 'packages', name, 'node_modules');
    if (existsSync(own)) symlinkSync(own, join(folder, 'packages', name, 'node_modules'));
  }
  if (existsSync(join(repository, '.venv'))) symlinkSync(join(repository, '.venv'), join(folder, '.venv'));
}

export function removeCheckout(repository: string, folder: string): void {
  execFileSync('git', ['worktree', 'remove', '--force', folder], { cwd: repository });
}

function linkLibraries(from: string, to: string): void {
  mkdirSync(join(to, SCOPE), { recursive: true });
  for (const name of readdirSync(from)) if (name !== SCOPE) symlinkSync(join(from, name), join(to, name));
  for (const name of readdirSync(join(from, SCOPE))) symlinkSync(join('../../packages', name), join(to, SCOPE, name));
}
