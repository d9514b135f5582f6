/**
 * `make images-proof`: builds the Containerfiles with buildah on stand-ins for their base images, looks at what is in
 * the results and starts them as Kubernetes would: user 65532, no capability, a read-only tree, the image's own
 * environment and entry point, real servers beside it. Needs root, and Debian's buildah and debootstrap.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { makeBases, type Access } from './bases.ts';
import { contentsOf, type Contents } from './contents.ts';
import { Engine } from './engine.ts';
import { PROOFS } from './programs.ts';
import { isInstalled } from './shell.ts';
import { openSurroundings } from './surroundings.ts';

const REPOSITORY = resolve(import.meta.dirname, '../../..');
/** Where install.sh has npm keep what it downloads. */
const NPM_CACHE = '/var/cache/npm';
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const { values } = parseArgs({
  options: {
    images: { type: 'string', default: 'cli,serving,ingest,experiments,controller' },
    storage: {
      type: 'string',
      default: join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'shortlist', 'images'),
    },
  },
});

/** The trainer is a target of the command line's file. */
const sourceOf = (image: string): { file: string; target?: string } => {
  const name = image === 'trainer' ? 'cli' : image;
  const file = join(REPOSITORY, 'deploy/images', `${name}.Containerfile`);
  return image === 'trainer' ? { file, target: 'trainer' } : { file };
};

function requirements(): string[] {
  const missing = ['buildah', 'debootstrap', 'unshare'].filter((name) => !isInstalled(name));
  return [
    ...missing.map((name) => `${name} (Debian: apt-get install buildah debootstrap util-linux)`),
    ...(userInfo().uid === 0 ? [] : ['root, for chroot']),
  ];
}

function accessOf(variables: NodeJS.ProcessEnv): Access {
  const authorities = variables.NODE_EXTRA_CA_CERTS;
  const wheels = variables.PIP_FIND_LINKS;
  return {
    ...(authorities !== undefined && existsSync(authorities) ? { authorities } : {}),
    ...(wheels !== undefined && existsSync(wheels) ? { wheels } : {}),
  };
}

const mb = (bytes: number): string => (bytes / 1e6).toFixed(0);
const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

async function main(): Promise<number> {
  const asked = values.images.split(',');
  const unknown = asked.filter((name) => PROOFS[name] === undefined);
  const images = Object.keys(PROOFS).filter((name) => asked.includes(name));
  if (unknown.length > 0)
    throw new Error(`no proof for ${unknown.join(', ')}; there are ${Object.keys(PROOFS).join(', ')}`);
  const missing = requirements();
  if (missing.length > 0) {
    process.stderr.write(`images-proof: missing: ${missing.join('; ')}\n`);
    return 2;
  }
  const access = accessOf(process.env);
  const engine = new Engine(values.storage);
  const lock = JSON.parse(readFileSync(join(REPOSITORY, 'package-lock.json'), 'utf8')) as Parameters<
    typeof contentsOf
  >[2];
  const results: [name: string, contents: Contents, buildS: number][] = [];
  const failures: string[] = [];
  const around = await openSurroundings();
  try {
    // What one image downloaded need not be downloaded for the next one.
    const downloads = join(values.storage, 'npm');
    mkdirSync(downloads, { recursive: true });
    const volumes = [`${downloads}:${NPM_CACHE}`];
    if (access.wheels !== undefined) volumes.push(`${access.wheels}:${access.wheels}:ro`);
    if (!images.includes('cli')) await around.migrate();
    for (const name of images) {
      const { file, ...target } = sourceOf(name);
      const tag = `localhost/shortlist/${name}:proof`;
      makeBases(engine, file, access);
      const startedMs = performance.now();
      engine.build(tag, file, REPOSITORY, { ...target, volumes });
      const buildS = (performance.now() - startedMs) / 1000;
      say(`${name}: built in ${buildS.toFixed(0)} s`);
      const config = engine.config(tag);
      await engine.mounted(tag, async (root) => {
        const contents = contentsOf(root, config, lock);
        results.push([name, contents, buildS]);
        failures.push(...contents.problems.map((problem) => `${name}: ${problem}`));
        await PROOFS[name]!({ config, root }, around, (line) => say(`${name}: ${line}`)).catch((error: unknown) => {
          failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
        });
      });
    }
  } finally {
    await around.close();
  }
  say(row('image', 'files, MB', 'node_modules, MB', 'npm packages', 'build, s'));
  say(row('---', '---', '---', '---', '---'));
  for (const [name, { imageBytes, packagesBytes, packages }, buildS] of results)
    say(row(name, mb(imageBytes), mb(packagesBytes), String(packages), buildS.toFixed(0)));
  for (const failure of failures) say(`FAIL ${failure}`);
  say(failures.length === 0 ? `${results.length} images proven` : `${failures.length} failures`);
  return failures.length === 0 ? 0 : 1;
}

process.exitCode = await main();
