import { existsSync, lstatSync, readdirSync, readFileSync, type Stats } from 'node:fs';
import { join, relative } from 'node:path';
import type { ImageConfig } from './engine.ts';

const ACCOUNT = 65_532;
/** Where anybody may write in a Debian tree; in a pod they are read-only like the rest, but for /tmp. */
const OPEN_TO_ALL = new Set(['/tmp', '/var/tmp', '/run/lock']);
const OWN_FOLDER = '/var/lib/shortlist';
/** No image needs them to run; pip and python come with the trainer alone. */
const TOOLS = ['npm', 'npx', 'corepack', 'gcc', 'g++', 'make', 'git', 'curl', 'wget', 'pip', 'pip3'];
const FOLDERS_ON_PATH = ['usr/local/bin', 'usr/local/sbin', 'usr/bin', 'usr/sbin', 'app/.venv/bin'];

export interface Contents {
  /** Files, bytes. */
  readonly imageBytes: number;
  readonly packagesBytes: number;
  /** npm packages. */
  readonly packages: number;
  /** What must not be so. */
  readonly problems: readonly string[];
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly version?: string }>>;
}

/** Looks at the tree of an image: sizes, packages, who could change what. `lock`: package-lock.json of the checkout. */
export function contentsOf(root: string, config: ImageConfig, lock: Lock): Contents {
  const problems: string[] = [];
  if (config.User !== `${ACCOUNT}:${ACCOUNT}`) problems.push(`runs as ${config.User || 'root'}`);
  if (config.StopSignal !== 'SIGTERM') problems.push(`stop signal ${config.StopSignal}`);
  for (const name of ['title', 'description', 'version', 'revision', 'licenses'])
    if (config.Labels[`org.opencontainers.image.${name}`] === undefined) problems.push(`no label ${name}`);
  let imageBytes = 0;
  let packagesBytes = 0;
  for (const [path, stats] of walk(root, root)) {
    const place = `/${relative(root, path)}`;
    if (stats.isFile()) {
      imageBytes += stats.size;
      if (place.includes('/node_modules/')) packagesBytes += stats.size;
    }
    if ((stats.mode & 0o6000) !== 0 && stats.isFile()) problems.push(`${place} runs as its owner`);
    if (isWritable(stats) && !OPEN_TO_ALL.has(place) && place !== OWN_FOLDER) problems.push(`${place} can be written`);
  }
  for (const tool of TOOLS)
    if (FOLDERS_ON_PATH.some((folder) => existsSync(join(root, folder, tool)))) problems.push(`${tool} is in it`);
  const packages = packagesIn(join(root, 'app'));
  problems.push(...packages.flatMap((place) => problemOf(place, root, lock)));
  return { imageBytes, packagesBytes, packages: packages.length, problems };
}

/** Could user 65532 change it? Devices are the engine's: it mounts its own. */
function isWritable(stats: Stats): boolean {
  if (!stats.isFile() && !stats.isDirectory()) return false;
  const { mode, uid, gid } = stats;
  return (mode & 0o002) !== 0 || (uid === ACCOUNT && (mode & 0o200) !== 0) || (gid === ACCOUNT && (mode & 0o020) !== 0);
}

/** A package that the lock knows only for development, or does not know, or in another version. */
function problemOf(place: string, root: string, lock: Lock): string[] {
  const known = lock.packages[place];
  if (known === undefined) return [`${place} is not in package-lock.json`];
  if (known.dev === true) return [`${place} is for development`];
  const { version } = JSON.parse(readFileSync(join(root, 'app', place, 'package.json'), 'utf8')) as { version: string };
  return version === known.version ? [] : [`${place} is ${version}, not ${known.version}`];
}

/** Places of all npm packages as the lock names them: `node_modules/pg`, `packages/service/node_modules/ajv`. */
function packagesIn(app: string, place = ''): string[] {
  const folder = join(app, place);
  if (place === '') return ['', ...workspaces(app)].flatMap((start) => installed(app, join(start, 'node_modules')));
  return existsSync(join(folder, 'node_modules')) ? installed(app, join(place, 'node_modules')) : [];
}

const workspaces = (app: string): string[] => readdirSync(join(app, 'packages')).map((name) => join('packages', name));

function installed(app: string, modules: string): string[] {
  if (!existsSync(join(app, modules))) return [];
  const names = readdirSync(join(app, modules)).flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(app, modules, name)).map((inner) => join(name, inner)) : [name],
  );
  return names
    .map((name) => join(modules, name))
    .filter((place) => !lstatSync(join(app, place)).isSymbolicLink() && existsSync(join(app, place, 'package.json')))
    .flatMap((place) => [place, ...packagesIn(app, place)]);
}

function* walk(root: string, folder: string): Generator<[path: string, stats: Stats]> {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const stats = lstatSync(path);
    yield [path, stats];
    if (stats.isDirectory()) yield* walk(root, path);
  }
}
