/** What can be said of the manifests without a cluster. The real apiserver is asked by server-side.integration.test.ts. */
import { Command } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import { CONFIG_PROGRAM as CONTROLLER } from '@shortlist/controller/config.ts';
import { CONFIG_PROGRAM as EXPERIMENTS } from '@shortlist/experiments/config.ts';
import { ROUTES as EXPERIMENTS_ROUTES } from '@shortlist/experiments/routes/routes.ts';
import { CONFIG_PROGRAM as INGEST } from '@shortlist/ingest/config.ts';
import { ROUTES as INGEST_ROUTES } from '@shortlist/ingest/routes/routes.ts';
import { readConfig, variableOf } from '@shortlist/service/config.ts';
import { HEALTH_ROUTES } from '@shortlist/service/routing/health.ts';
import { METRICS_ROUTE } from '@shortlist/service/routing/metrics.ts';
import { CONFIG_PROGRAM as SERVING } from '@shortlist/serving/config.ts';
import { ROUTES as SERVING_ROUTES } from '@shortlist/serving/routes/routes.ts';
import { readEnvironment } from '../../packages/cli/src/environment.ts';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { absent, render, ROOT } from './kustomize.ts';
import { containersOf, podTemplates, variablesOf, type PodTemplate } from './pods.ts';

const OVERLAYS = ['production', 'keda', 'dev'] as const;
const objectsOf = new Map(OVERLAYS.map((overlay) => [overlay, absent ? [] : render(`overlays/${overlay}`)]));
const podsOf = (overlay: (typeof OVERLAYS)[number]) => podTemplates(objectsOf.get(overlay)!);
const isOurs = ({ spec }: PodTemplate) => spec.containers.every(({ image }) => image.startsWith('shortlist/'));

/** How a service is configured: its schema and the prefix of its variables. */
type Program = Parameters<typeof readConfig>[0];
const PROGRAMS: Readonly<Record<string, Program>> = {
  serving: SERVING,
  ingest: INGEST,
  experiments: EXPERIMENTS,
  controller: CONTROLLER,
};
const PATHS = (routes: readonly { readonly path: string }[]) => new Set(routes.map(({ path }) => path));
const ROUTES: Readonly<Record<string, ReadonlySet<string>>> = {
  serving: PATHS(SERVING_ROUTES),
  ingest: PATHS(INGEST_ROUTES),
  experiments: PATHS(EXPERIMENTS_ROUTES),
  controller: PATHS([...HEALTH_ROUTES, METRICS_ROUTE]),
};
/** Of Node and of libuv; the jobs' own are in packages/cli/src/environment.ts and models. */
const OF_THE_RUNTIME = new Set(['NODE_OPTIONS', 'UV_THREADPOOL_SIZE']);
/** Values that a Secret could hold, for what is read from one. */
const SECRETS: Readonly<Record<string, string>> = {
  DATABASE_URL: 'postgres://shop@database/shop',
  REDIS_URL: 'rediss://cache:6379',
  SHORTLIST_EXPERIMENTS_WRITE_TOKEN: 'a-token-of-the-test',
  SHORTLIST_CONTROLLER_EXPERIMENTS_TOKEN: 'a-token-of-the-test',
  SHORTLIST_CONTROLLER_NAMESPACE: 'shortlist',
};

/** The command line, made of all its verbs. */
let program: Command;
beforeAll(async () => {
  program = new Command();
  for (const file of globSync('packages/cli/src/verbs/*.ts', { cwd: ROOT })) {
    const verb = (await import(join(ROOT, file))) as { register?(program: Command, environment: object): void };
    verb.register?.(program, readEnvironment({}));
  }
});

describe.each(OVERLAYS)(`overlay %s ${absent}`, (overlay) => {
  const objects = objectsOf.get(overlay)!;
  const pods = absent ? [] : podsOf(overlay);
  const services = pods.filter(({ owner }) => owner.metadata.name in PROGRAMS);
  const jobs = pods.filter(({ owner }) => owner.kind === 'Job' || owner.kind === 'CronJob');

  it.skipIf(absent)('runs every component and every job', () => {
    expect(services.map(({ owner }) => owner.metadata.name).sort()).toEqual(Object.keys(PROGRAMS).sort());
    expect(jobs.map(({ owner }) => owner.metadata.name).sort()).toEqual([
      ...['migrations', 'partitions', 'precompute', 'retention', 'train'],
    ]);
  });

  it.skipIf(absent)('labels everything', () => {
    for (const { kind, metadata } of objects)
      expect(metadata.labels, `${kind} ${metadata.name}`).toMatchObject({
        'app.kubernetes.io/name': expect.any(String),
        'app.kubernetes.io/component': expect.any(String),
        'app.kubernetes.io/part-of': 'shortlist',
        'app.kubernetes.io/managed-by': 'kustomize',
        'app.kubernetes.io/version': expect.stringMatching(/^\d+\.\d+\.\d+$/),
      });
    for (const { owner, labels } of pods)
      expect(labels, owner.metadata.name).toMatchObject({
        'app.kubernetes.io/name': owner.metadata.name,
        'app.kubernetes.io/component': owner.metadata.labels!['app.kubernetes.io/component'],
        'app.kubernetes.io/version': owner.metadata.labels!['app.kubernetes.io/version'],
      });
  });

  it.skipIf(absent)('has one version, of every image of ours and of every label', () => {
    const versions = new Set(objects.map(({ metadata }) => metadata.labels!['app.kubernetes.io/version']));
    const { version } = JSON.parse(readFileSync(join(ROOT, 'packages/serving/package.json'), 'utf8')) as {
      version: string;
    };
    expect([...versions]).toEqual([version]);
    for (const container of pods.flatMap(containersOf)) {
      const [name, tag] = container.image.split(':');
      expect(tag, container.image).toMatch(/^\d+\.\d+(\.\d+)?$/);
      if (name!.startsWith('shortlist/')) expect(tag, container.image).toBe(version);
    }
  });

  it.skipIf(absent)('gives each service settings that it accepts, all of which it knows', () => {
    for (const { owner, spec } of services) {
      const { name } = owner.metadata;
      const { schema, prefix } = PROGRAMS[name]!;
      const known = new Set(Object.keys(schema.properties).map((key) => variableOf(key, prefix)));
      const variables = variablesOf(spec.containers[0]!, objects);
      for (const [variable] of variables)
        if (!OF_THE_RUNTIME.has(variable)) expect([...known], `${name}: ${variable}`).toContain(variable);
      const given = Object.fromEntries([...variables].map(([key, value]) => [key, value || SECRETS[key]]));
      expect(() => readConfig({ schema, prefix }, given), name).not.toThrow();
      expect(given.NODE_OPTIONS, `${name}: heap`).toMatch(/--max-old-space-size=\d+/);
      expect(given.UV_THREADPOOL_SIZE, `${name}: threads`).toMatch(/^\d+$/);
    }
  });

  it.skipIf(absent)('gives jobs variables that somebody reads', () => {
    const sources = [
      'packages/cli/src/environment.ts',
      'packages/service/src/config.ts',
      'models/shortlist_models/__main__.py',
    ];
    const text = sources.map((file) => readFileSync(join(ROOT, file), 'utf8')).join('\n');
    for (const { spec } of jobs) {
      const variables = variablesOf(spec.containers[0]!, objects);
      const given = Object.fromEntries([...variables].map(([key, value]) => [key, value || SECRETS[key]]));
      expect(readEnvironment(given).databaseUrl).toBe(SECRETS.DATABASE_URL);
      for (const [name] of variables) {
        if (OF_THE_RUNTIME.has(name) || name === 'HOME') continue;
        const isShared = Object.keys(SERVING.schema.properties).some((key) => variableOf(key, 'SHORTLIST_') === name);
        expect(isShared || text.includes(name), name).toBe(true);
      }
    }
  });

  it.skipIf(absent)('has jobs run commands that there are, with options that they take', () => {
    for (const { spec, owner } of jobs) {
      const { args = [] } = spec.containers[0]!;
      let command = program;
      const rest = [...args];
      while (rest[0] !== undefined && !rest[0].startsWith('-')) {
        const next = command.commands.find((one) => one.name() === rest[0]);
        expect(next, `${owner.metadata.name}: ${rest[0]}`).toBeDefined();
        command = next!;
        rest.shift();
      }
      const options = command.options.map(({ long }) => long);
      for (const option of rest.filter((word) => word.startsWith('--'))) expect(options).toContain(option);
      expect(rest[rest.indexOf('--dataset') + 1]).toBe('$(SHORTLIST_DATASET)');
      for (const [, name] of args.join(' ').matchAll(/\$\(([A-Z_]+)\)/g))
        expect(variablesOf(spec.containers[0]!, objects).has(name!), name).toBe(true);
    }
  });

  it.skipIf(absent)('probes ports and paths that there are', () => {
    for (const { owner, spec } of services) {
      const { name } = owner.metadata;
      const [container] = spec.containers;
      const variables = variablesOf(container!, objects);
      const { schema, prefix } = PROGRAMS[name]!;
      const given = Object.fromEntries([...variables].map(([key, value]) => [key, value || SECRETS[key]]));
      const { httpPort, adminPort, adminHost } = readConfig({ schema, prefix }, given) as Record<string, unknown>;
      const ports = Object.fromEntries(container!.ports!.map((port) => [port.name, port.containerPort]));
      expect(ports, name).toEqual(name === 'controller' ? { admin: adminPort } : { http: httpPort, admin: adminPort });
      expect(adminHost, `${name}: the kubelet must reach the admin port`).toBe('0.0.0.0');
      for (const probe of [container!.startupProbe, container!.readinessProbe, container!.livenessProbe]) {
        expect(ports, name).toHaveProperty(probe!.httpGet!.port);
        expect([...ROUTES[name]!], name).toContain(probe!.httpGet!.path);
      }
      expect(container!.livenessProbe!.httpGet!.path).toBe('/health/live');
      expect(container!.readinessProbe!.httpGet!.path).toBe('/health/ready');
    }
  });

  it.skipIf(absent)('lets services drain: Kubernetes waits longer than they take', () => {
    for (const { owner, spec } of services) {
      const [container] = spec.containers;
      const variables = variablesOf(container!, objects);
      const delayS = Number(variables.get('SHORTLIST_DRAIN_DELAY_MS')) / 1000;
      const drainS = Number(variables.get('SHORTLIST_DRAIN_MS')) / 1000;
      const preStopS = container!.lifecycle?.preStop?.sleep?.seconds ?? 0;
      // Both ports drain, one after the other; 10 s are left for what is closed then.
      expect(spec.terminationGracePeriodSeconds, owner.metadata.name).toBeGreaterThanOrEqual(
        preStopS + delayS + 2 * drainS + 10,
      );
      if (owner.metadata.name !== 'controller') expect(preStopS, owner.metadata.name).toBeGreaterThan(0);
    }
  });

  it.skipIf(absent)('restricts every container as far as it goes', () => {
    for (const pod of pods) {
      const { spec, owner } = pod;
      expect(spec.securityContext, owner.metadata.name).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
        ...(isOurs(pod) ? { runAsUser: 65532, runAsGroup: 65532 } : {}),
      });
      expect(spec.enableServiceLinks, owner.metadata.name).toBe(false);
      expect(spec.automountServiceAccountToken, owner.metadata.name).toBe(owner.metadata.name === 'controller');
      for (const container of containersOf(pod)) {
        expect(container.securityContext, container.name).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(container.resources.limits.memory, container.name).toBeDefined();
      }
      for (const { name, ...volume } of spec.volumes ?? []) expect(volume, name).not.toHaveProperty('hostPath');
    }
  });

  it.skipIf(absent)('gives a folder to whatever writes, and the claim to nobody who only reads it', () => {
    const serving = services.find(({ owner }) => owner.metadata.name === 'serving')!;
    const variables = variablesOf(serving.spec.containers[0]!, objects);
    for (const container of containersOf(serving)) {
      const mounts = container.volumeMounts!;
      expect(mounts.find(({ name }) => name === 'releases')).toMatchObject({ readOnly: true });
      expect(mounts.find(({ name }) => name === 'state')!.mountPath).toBe(variables.get('SHORTLIST_HOME'));
    }
    const home = variables.get('SHORTLIST_HOME')!;
    expect(variables.get('SHORTLIST_RECORDS_SPOOL')!.startsWith(`${home}/`)).toBe(true);
    for (const { spec } of pods.filter(isOurs))
      expect(spec.containers[0]!.volumeMounts!.map(({ mountPath }) => mountPath)).toContain('/tmp');
  });

  it.skipIf(absent)('reads configuration from immutable ConfigMaps that are named by what they hold', () => {
    const used = pods.flatMap(containersOf).flatMap(({ envFrom = [] }) => envFrom.map((one) => one.configMapRef.name));
    expect(used.length).toBeGreaterThan(0);
    for (const name of used) {
      expect(name).toMatch(/-[a-z0-9]{10}$/);
      const found = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name)!;
      expect(found.immutable, name).toBe(true);
    }
  });

  it.skipIf(absent)('holds no secret', () => {
    for (const { kind, metadata, data = {} } of objects) {
      if (kind !== 'Secret') continue;
      expect(overlay, metadata.name).toBe('dev');
      const url = new URL(Buffer.from(data.url!, 'base64').toString());
      expect([url.password, Object.keys(data)], metadata.name).toEqual(['', ['url']]);
    }
    for (const { spec } of pods)
      for (const { name, value } of spec.containers.flatMap(({ env = [] }) => env))
        if (/TOKEN|SECRET|PASSWORD|_KEY$|_URL$/.test(name)) expect(value, name).toBeUndefined();
  });
});
