import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const REPOSITORY = resolve(import.meta.dirname, '../..');

/** Imports and re-exports that exist at run time, dynamic ones and resolved paths included. */
const IMPORTED =
  /(?:^|\n)\s*(?:import|export)\s+(?!type\b)(?:[^'";]*?\sfrom\s+)?'([^']+)'|import\(\s*'([^']+)'\s*\)|import\.meta\.resolve\('([^']+)'\)/g;
/** Files that sources read beside themselves. */
const READ = /new URL\('([^']+)', import\.meta\.url\)/g;

export interface Reached {
  /** Workspaces by folder name: `core`. */
  readonly workspaces: readonly string[];
  /** npm packages. */
  readonly packages: readonly string[];
  /** Files that are read, relative to the repository. */
  readonly files: readonly string[];
}

/** Everything that these programs (relative to the repository) can load while they run. */
export function reachedFrom(...programs: readonly string[]): Reached {
  const sources = new Set(programs.map((program) => join(REPOSITORY, program)));
  const packages = new Set<string>();
  const files = new Set<string>();
  // A set is walked in the order of insertion, what is added on the way included.
  for (const source of sources) {
    const text = readFileSync(source, 'utf8');
    for (const [, still, dynamic, resolved] of text.matchAll(IMPORTED)) {
      const specifier = (still ?? dynamic ?? resolved)!;
      const file = fileOf(specifier, source);
      if (file !== null) sources.add(file);
      else if (!specifier.startsWith('node:')) packages.add(packageOf(specifier));
    }
    for (const [, path] of text.matchAll(READ)) files.add(relative(REPOSITORY, resolve(dirname(source), path!)));
  }
  const workspaces = new Set([...sources].map((source) => relative(REPOSITORY, source).split('/')[1]!));
  return {
    workspaces: [...workspaces].sort(),
    packages: [...packages].sort(),
    files: [...files].filter((file) => existsSync(join(REPOSITORY, file))).sort(),
  };
}

/** The source file behind a specifier; null for packages and built-in modules. */
function fileOf(specifier: string, from: string): string | null {
  if (specifier.startsWith('.')) return resolve(dirname(from), specifier);
  const [, workspace, path] = /^@shortlist\/([^/]+)\/(.+\.ts)$/.exec(specifier) ?? [];
  return workspace === undefined ? null : join(REPOSITORY, 'packages', workspace, 'src', path!);
}

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
