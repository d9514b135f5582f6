import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CONFIG_PROGRAM as EXPERIMENTS } from '@shortlist/experiments/config.ts';
import { CONFIG_PROGRAM as INGEST } from '@shortlist/ingest/config.ts';
import { readConfig } from '@shortlist/service/config.ts';
import { CONFIG_PROGRAM as SERVING } from '@shortlist/serving/config.ts';
import { readEnvironment } from '../../packages/cli/src/environment.ts';
import { failureOf, findTool } from '../operations/tool.ts';
import { readContainerfile } from './containerfile.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const FOLDER = join(REPOSITORY, 'deploy/compose');
const FILE = join(FOLDER, 'compose.yaml');

interface Service {
  readonly image: string;
  readonly build?: { context: string; dockerfile: string; target?: string };
  readonly environment?: Record<string, string>;
  readonly command?: string[];
  readonly ports?: string[];
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: string[];
  readonly security_opt?: string[];
  readonly privileged?: boolean;
  readonly network_mode?: string;
  readonly stop_grace_period?: string;
  readonly depends_on?: Record<string, { condition: string }>;
  readonly volumes?: (string | { type: string; source: string; target: string; read_only: boolean })[];
  readonly healthcheck?: { test: string[] };
}

/** Variables as an engine fills them in: `${NAME:-default}`, with nothing set. */
const text = readFileSync(FILE, 'utf8').replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1');
const { services, volumes } = parse(text, { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, null>;
};
const entries = Object.entries(services);
const ours = entries.filter(([, { image }]) => image.startsWith('shortlist/'));
const jsonSchema = findTool(join(REPOSITORY, '.venv/bin/check-jsonschema'), 'check-jsonschema');
const promtool = findTool('promtool');
type Program = Parameters<typeof readConfig>[0];
const PROGRAMS: Readonly<Record<string, Program>> = {
  'serving-1': SERVING,
  'serving-2': SERVING,
  ingest: INGEST,
  experiments: EXPERIMENTS,
};

describe('deploy/compose/compose.yaml', () => {
  it.skipIf(jsonSchema.absent !== '')('obeys the schema of the Compose specification', () => {
    expect(failureOf(jsonSchema.run('--builtin-schema', 'vendor.compose-spec', FILE))).toBe('');
  });

  it('runs everything that belongs to the platform', () => {
    expect(Object.keys(services).sort()).toEqual([
      'alertmanager',
      'experiments',
      'grafana',
      'ingest',
      'job',
      'migrate',
      'nginx',
      'postgres',
      'prometheus',
      'serving-1',
      'serving-2',
      'valkey',
    ]);
  });

  it('can be reached from this machine alone', () => {
    for (const [name, { ports = [], network_mode: mode }] of entries) {
      expect([name, mode]).toEqual([name, undefined]);
      for (const port of ports) expect([name, port]).toEqual([name, expect.stringMatching(/^127\.0\.0\.1:\d+:\d+$/)]);
    }
    const published = entries.flatMap(([, { ports = [] }]) => ports);
    expect(new Set(published).size).toBe(published.length);
  });

  it('pins every image to a tag', () => {
    for (const [name, { image }] of entries)
      expect([name, image]).toEqual([name, expect.stringMatching(/^[a-z/-]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)?$/)]);
  });

  it('mounts files that are there, and volumes that it declares, all but data read-only', () => {
    const used = new Set<string>();
    for (const [name, { volumes: mounts = [] }] of entries)
      for (const mount of mounts) {
        if (typeof mount === 'string') used.add(mount.split(':')[0]!);
        else {
          expect([name, mount.source, existsSync(join(FOLDER, mount.source))]).toEqual([name, mount.source, true]);
          expect([name, mount.source, mount.read_only]).toEqual([name, mount.source, true]);
        }
      }
    expect([...used].sort()).toEqual(Object.keys(volumes).sort());
  });

  it('takes power from our programs: no capability, a read-only tree', () => {
    for (const [name, { read_only, cap_drop, security_opt, privileged, user }] of ours)
      expect([name, { read_only, cap_drop, security_opt, privileged, user }]).toEqual([
        name,
        { read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] },
      ]);
    for (const [name, { security_opt }] of entries)
      expect([name, security_opt]).toEqual([name, ['no-new-privileges:true']]);
  });

  it('builds our images from the files of deploy/images', () => {
    for (const [name, { image, build }] of ours) {
      expect([name, build?.context]).toEqual([name, '../..']);
      const { stages } = readContainerfile(join(REPOSITORY, build!.dockerfile));
      const title = stages.find((stage) => stage.name === build!.target) ?? stages.at(-1)!;
      const labels = title.instructions.find(({ keyword }) => keyword === 'LABEL')!.text;
      expect(labels).toContain(`title="${image.split(':')[0]}"`);
    }
  });

  it('tells every program only what it knows', () => {
    for (const [name, program] of Object.entries(PROGRAMS)) {
      const environment = services[name]!.environment!;
      const config = readConfig(program, environment) as Record<string, unknown>;
      expect([name, config.databaseUrl]).toEqual([name, environment.DATABASE_URL]);
      const known = readFileSync(
        join(REPOSITORY, `docs/configuration${program === SERVING ? '' : `-${name}`}.md`),
        'utf8',
      );
      for (const variable of Object.keys(environment))
        expect([name, variable, known.includes(`\`${variable}\``)]).toEqual([name, variable, true]);
    }
    const commandLine = readFileSync(join(REPOSITORY, 'packages/cli/src/environment.ts'), 'utf8');
    for (const name of ['migrate', 'job']) {
      const environment = services[name]!.environment!;
      expect(readEnvironment(environment).databaseUrl).toBe(environment.DATABASE_URL);
      for (const variable of Object.keys(environment))
        expect([name, variable, commandLine.includes(`${variable}:`)]).toEqual([name, variable, true]);
    }
  });

  it('waits for what is healthy, done or merely there, and for nothing unknown', () => {
    for (const [name, { depends_on: needed = {} }] of entries)
      for (const [other, { condition }] of Object.entries(needed)) {
        const needs = [name, other, condition];
        expect([...needs, services[other] !== undefined]).toEqual([...needs, true]);
        if (condition === 'service_healthy')
          expect([...needs, services[other]!.healthcheck !== undefined]).toEqual([...needs, true]);
        else expect([...needs, other]).toEqual([name, other, 'service_completed_successfully', 'migrate']);
      }
  });

  it('lets a pod drain before it is killed, and nginx leave before that', () => {
    for (const name of ['serving-1', 'serving-2']) {
      const { environment, stop_grace_period: grace } = services[name]!;
      const config = readConfig(SERVING, environment!) as {
        drainDelayMs: number;
        drainMs: number;
        listenWhenReady: boolean;
      };
      expect(Number.parseInt(grace!) * 1000).toBeGreaterThan(config.drainDelayMs + config.drainMs);
      expect(config.listenWhenReady).toBe(true);
      const idle = /keepalive_timeout (\d+)s;\s*keepalive_requests 100000;\s*}/.exec(
        readFileSync(join(REPOSITORY, 'deploy/nginx/nginx.conf'), 'utf8'),
      )!;
      expect(config.drainDelayMs).toBeGreaterThan(Number(idle[1]) * 1000);
    }
  });

  it('asks each program for its health where it listens', () => {
    for (const [name, program] of Object.entries(PROGRAMS)) {
      const { adminPort } = readConfig(program, services[name]!.environment!) as { adminPort: number };
      expect(services[name]!.healthcheck!.test.join(' ')).toContain(`http://127.0.0.1:${adminPort}/health/ready`);
    }
  });
});

describe('what stands in for files of deploy/', () => {
  it('names pods, targets and Prometheus as compose.yaml does, at the ports of the configuration', () => {
    const http = (name: string, program: Program) =>
      `${name}:${(readConfig(program, services[name]!.environment!) as { httpPort: number }).httpPort}`;
    const targets = (name: string) =>
      (
        parse(readFileSync(join(FOLDER, `prometheus-targets/${name}.yaml`), 'utf8')) as {
          targets: string[];
          labels?: object;
        }[]
      )[0];
    const dataset = services['serving-1']!.environment!.SHORTLIST_DATASET;
    expect(targets('serving')).toEqual({ targets: ['serving-1:8081', 'serving-2:8081'], labels: { dataset } });
    expect(targets('ingest')).toEqual({ targets: [http('ingest', INGEST)], labels: { dataset } });
    expect(targets('experiments')).toEqual({
      targets: [http('experiments', EXPERIMENTS)],
      labels: { dataset },
    });
    expect(targets('alertmanager')).toEqual({ targets: ['alertmanager:9093'] });
    const pods = readFileSync(join(FOLDER, 'nginx-pods.conf'), 'utf8');
    const asShipped = /max_fails=.*$/m.exec(readFileSync(join(REPOSITORY, 'deploy/nginx/pods.conf'), 'utf8'))![0];
    expect(pods.match(/^server .*$/gm)).toEqual([1, 2].map((pod) => `server serving-${pod}:8080 ${asShipped}`));
    const source = (path: string) =>
      (parse(readFileSync(path, 'utf8')) as { datasources: Record<string, unknown>[] }).datasources;
    const [shipped] = source(join(REPOSITORY, 'deploy/grafana/provisioning/datasources/prometheus.yaml'));
    expect(source(join(FOLDER, 'grafana-datasources/prometheus.yaml'))).toEqual([
      { ...shipped, url: 'http://prometheus:9090' },
    ]);
  });

  it.skipIf(promtool.absent !== '')('makes a configuration that Prometheus takes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'shortlist-compose-'));
    const { volumes: mounts } = services.prometheus!;
    for (const mount of mounts!)
      if (typeof mount !== 'string')
        cpSync(join(FOLDER, mount.source), join(folder, mount.target.replace('/etc/prometheus/', '')), {
          recursive: true,
        });
    expect(failureOf(promtool.run('check', 'config', join(folder, 'prometheus.yaml')))).toBe('');
    // That it looks at the targets, too.
    writeFileSync(join(folder, 'targets/serving.yaml'), 'targets: nowhere\n');
    expect(failureOf(promtool.run('check', 'config', join(folder, 'prometheus.yaml')))).not.toBe('');
    rmSync(folder, { recursive: true });
  });
});
