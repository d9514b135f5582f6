import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { failureOf, findTool } from '../operations/tool.ts';
import { copiedBy, lineageOf, readContainerfile } from './containerfile.ts';
import { reachedFrom } from './imports.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const IMAGES = join(REPOSITORY, 'deploy/images');
/** Libraries, and the page that the command line shows on a laptop. */
const WITHOUT_IMAGE = new Set(['core', 'service', 'storefront']);
/** Not dependencies of ours: what onnxruntime-node and the exporter of traces cannot do without goes with them. */
const COMPANIONS = new Set([
  'onnxruntime-common',
  ...['otlp-exporter-base', 'otlp-transformer', 'sdk-logs', 'sdk-metrics', 'semantic-conventions'].map(
    (name) => `@opentelemetry/${name}`,
  ),
]);

const hadolint = findTool(join(REPOSITORY, '.venv/bin/hadolint'), 'hadolint');
const manifestOf = (folder: string) =>
  JSON.parse(readFileSync(join(REPOSITORY, folder, 'package.json'), 'utf8')) as {
    workspaces?: string[];
    dependencies?: Record<string, string>;
  };
const names = readdirSync(IMAGES)
  .filter((file) => file.endsWith('.Containerfile'))
  .map((file) => file.replace('.Containerfile', ''));
const fileOf = (name: string) => join(IMAGES, `${name}.Containerfile`);
const mainOf = (workspace: string) => `packages/${workspace}/src/main.ts`;
/** The command line starts the other programs, too (`shortlist serve`). */
const programsOf = (name: string) =>
  name === 'cli' ? ['cli', 'serving', 'ingest', 'experiments'].map(mainOf) : [mainOf(name)];

/** Packages, and those that they load in turn. */
function withTheirOwn(packages: readonly string[]): string[] {
  const lock = JSON.parse(readFileSync(join(REPOSITORY, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dependencies?: Record<string, string> }>;
  };
  const all = new Set(packages);
  // A set is walked in the order of insertion, what is added on the way included.
  for (const name of all)
    for (const own of Object.keys(lock.packages[`node_modules/${name}`]?.dependencies ?? {})) all.add(own);
  return [...all];
}

describe('the images', () => {
  it('are one per package that runs', () => {
    const packages = readdirSync(join(REPOSITORY, 'packages')).filter((name) => !WITHOUT_IMAGE.has(name));
    expect(names).toEqual(packages.sort());
  });

  it('send nothing to the engine but what is named, and a test is not', () => {
    const ignored = readFileSync(join(REPOSITORY, '.containerignore'), 'utf8');
    expect(readFileSync(join(REPOSITORY, '.dockerignore'), 'utf8')).toBe(ignored);
    const patterns = ignored.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(patterns[0]).toBe('**');
    const taken = new Set(patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1)));
    const matches = (path: string, pattern: string) =>
      new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}(/|$)`).test(path);
    const copied = names
      .flatMap((name) => readContainerfile(fileOf(name)).stages)
      .flatMap((stage) => [
        ...copiedBy(stage.instructions),
        ...stage.instructions.flatMap(({ flags }) => /source=([^,]+)/.exec(flags.mount ?? '')?.[1] ?? []),
      ]);
    for (const path of copied)
      expect([path, [...taken].some((pattern) => matches(path, pattern))]).toEqual([path, true]);
    for (const pattern of taken)
      expect([pattern, copied.some((path) => matches(path, pattern))]).toEqual([pattern, true]);
    for (const path of ['packages/core/test/x.ts', '.git/config', '.env', 'node_modules/pg/package.json', '.venv/x'])
      expect([path, [...taken].some((pattern) => matches(path, pattern))]).toEqual([path, false]);
  });

  it.skipIf(hadolint.absent !== '')('obey the rules of hadolint', () => {
    const checked = hadolint.run('--config', join(IMAGES, 'hadolint.yaml'), ...names.map(fileOf));
    expect(failureOf(checked)).toBe('');
    // That it judges at all.
    const { status, stdout } = spawnSync(hadolint.path, ['-'], {
      encoding: 'utf8',
      input: 'FROM debian\nRUN sudo ls\n',
    });
    expect([status, stdout]).toEqual([1, expect.stringMatching(/DL3006[^]*DL3004/)]);
  });
});

describe.each(names)('%s.Containerfile', (name) => {
  const file = readContainerfile(fileOf(name));
  const last = file.stages.at(-1)!;
  const all = [...file.globals, ...file.stages.flatMap(({ instructions }) => instructions)];
  /** Results: the last stage, and those that are built by their name alone. */
  const results = file.stages.filter(
    (stage) => stage === last || (stage.instructions.some(({ keyword }) => keyword === 'USER') && stage.name !== ''),
  );

  it('pins what it is built on: a tag, no registry, and a digest where one is given', () => {
    const stages = new Set(file.stages.map((stage) => stage.name));
    const bases = file.stages.map(({ from }) => from).filter((from) => !stages.has(from));
    for (const base of bases)
      expect(base).toMatch(
        /^(node:\d+\.\d+\.\d+-bookworm-slim\$\{NODE_DIGEST\}|debian:12\.\d+-slim\$\{DEBIAN_DIGEST\})$/,
      );
    expect(file.globals.map(({ text }) => text)).toEqual(['NODE_DIGEST=""', 'DEBIAN_DIGEST=""']);
    // All images share their layers.
    const others = names.map((other) => readContainerfile(fileOf(other)).stages.map(({ from }) => from));
    for (const base of bases) for (const froms of others) expect(froms).toContain(base);
    const { version } = manifestOf('node_modules/node') as { version?: string };
    expect(bases[0]).toContain(`node:${version}-`);
  });

  it('results in images that run as user 65532, in the exec form, and end by SIGTERM', () => {
    for (const result of results) {
      const run = lineageOf(file, result);
      const lastOf = (keyword: string) => run.findLast((instruction) => instruction.keyword === keyword)?.text;
      expect(lastOf('USER')).toBe('65532:65532');
      expect(lastOf('STOPSIGNAL')).toBe('SIGTERM');
      const entry = JSON.parse(lastOf('ENTRYPOINT')!) as string[];
      expect(entry.slice(-3)).toEqual(['node', '--disable-warning=ExperimentalWarning', `/app/${mainOf(name)}`]);
      expect(run.findIndex(({ keyword }) => keyword === 'USER')).toBeGreaterThan(
        run.findLastIndex(({ keyword }) => keyword === 'RUN' || keyword === 'COPY'),
      );
      const labels = run.findLast(({ keyword }) => keyword === 'LABEL')!.text;
      expect(labels).toContain(`org.opencontainers.image.title="shortlist/${result.name === '' ? name : result.name}"`);
      for (const label of ['description', 'version', 'revision', 'licenses'])
        expect(labels).toContain(`org.opencontainers.image.${label}=`);
    }
    expect(last.name === '' || last.name === name).toBe(true);
  });

  it('leaves probes to Kubernetes, downloads nothing by itself and is told no secret', () => {
    const keywords = new Set(all.map(({ keyword }) => keyword));
    for (const keyword of ['HEALTHCHECK', 'ADD', 'VOLUME', 'ONBUILD', 'SHELL', 'MAINTAINER'])
      expect([keyword, keywords.has(keyword)]).toEqual([keyword, false]);
    for (const { keyword, text } of all)
      if (keyword === 'ARG' || keyword === 'ENV')
        expect(text).not.toMatch(/TOKEN|SECRET|PASSWORD|CREDENTIAL|_KEY|_URL/i);
    // One text for every step: install.sh.
    for (const { keyword, text } of all)
      if (keyword === 'RUN') expect(text).toMatch(/^(\/install\.sh [a-z]+( [a-z]+)?( && )?)+$/);
  });

  it('copies the manifests of all workspaces, and of sources those that the program reaches', () => {
    const build = file.stages.find((stage) => stage.name === 'build')!;
    const manifests = copiedBy(build.instructions).filter((path) => path.endsWith('/package.json'));
    expect(manifests.sort()).toEqual(
      manifestOf('.')
        .workspaces!.map((folder) => `${folder}/package.json`)
        .sort(),
    );
    expect(build.instructions.at(-1)!.text).toBe(`/install.sh packages ${name}`);

    const reached = reachedFrom(...programsOf(name));
    const copied = results.flatMap((result) => copiedBy(lineageOf(file, result)));
    expect([...new Set(copied.filter((path) => path.endsWith('/src')))].sort()).toEqual(
      reached.workspaces.map((workspace) => `packages/${workspace}/src`),
    );
    for (const path of reached.files)
      expect([
        path,
        /^packages\/[^/]+\/package\.json$/.test(path) ||
          copied.some((source) => path === source || path.startsWith(`${source}/`)),
      ]).toEqual([path, true]);
    for (const path of copied) expect([path, existsSync(join(REPOSITORY, path))]).toEqual([path, true]);
  });

  it('removes just those packages that the program cannot reach', () => {
    const { workspaces, packages: imported } = reachedFrom(...programsOf(name));
    const packages = withTheirOwn(imported);
    const declared = workspaces.flatMap((workspace) =>
      Object.keys(manifestOf(`packages/${workspace}`).dependencies ?? {}),
    );
    const unreached = declared.filter(
      (dependency) => !dependency.startsWith('@shortlist/') && !packages.includes(dependency),
    );
    const scopeOf = (dependency: string) => dependency.split('/')[0]!;
    const isWhole = (scope: string) => !packages.some((reached) => scopeOf(reached) === scope);
    const expected = new Set(
      unreached.map((dependency) =>
        dependency.startsWith('@') && isWhole(scopeOf(dependency)) ? scopeOf(dependency) : dependency,
      ),
    );
    const said = spawnSync('sh', [join(IMAGES, 'install.sh'), 'unreached', name], { encoding: 'utf8' });
    expect([said.status, said.stderr]).toEqual([0, '']);
    const removed = said.stdout.split(/\s+/).filter((word) => word !== '' && !COMPANIONS.has(word));
    expect(removed.sort()).toEqual([...expected].sort());
  });
});

describe.each(names.filter((name) => name !== 'cli'))('%s.Containerfile', (name) => {
  it('names the ports of the configuration', async () => {
    const { ConfigSchema } = (await import(`../../packages/${name}/src/config.ts`)) as {
      ConfigSchema: { properties: Record<'httpPort' | 'adminPort', { default: number }> };
    };
    const { httpPort, adminPort } = ConfigSchema.properties;
    const exposed = readContainerfile(fileOf(name))
      .stages.at(-1)!
      .instructions.find(({ keyword }) => keyword === 'EXPOSE');
    expect(exposed?.text).toBe(`${httpPort.default} ${adminPort.default}`);
  });
});
