import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { prometheusRules, RULES_FILE } from '../../deploy/prometheus/prometheus-rules.ts';
import { absent, DEPLOY, parseManifests, render } from './kustomize.ts';
import { podTemplates } from './pods.ts';

const production = absent ? [] : render('overlays/production');
const ofKind = (kind: string) => production.filter((object) => object.kind === kind);

describe('rules', () => {
  it('are those that promtool tests, as objects of the operator', async () => {
    const text = readFileSync(RULES_FILE, 'utf8');
    // Made anew by `node deploy/prometheus/write-prometheus-rules.ts`.
    expect(text).toBe(await prometheusRules());
    const groups = parseManifests(text).flatMap(({ spec }) => (spec as { groups: unknown[] }).groups);
    const folder = join(DEPLOY, 'prometheus/rules');
    const plain = readdirSync(folder)
      .sort()
      .flatMap((file) => (parse(readFileSync(join(folder, file), 'utf8')) as { groups: unknown[] }).groups);
    expect(groups).toEqual(plain);
  });
});

describe(`monitoring ${absent}`, () => {
  it.skipIf(absent)('scrapes every service at its admin port, under the name that the rules know', () => {
    const rules = readFileSync(RULES_FILE, 'utf8');
    const known = new Set([...rules.matchAll(/job=~?\\?"(shortlist-[a-z]+)/g)].map(([, job]) => job));
    const services = ofKind('Service');
    const monitors = ofKind('ServiceMonitor').map(({ metadata, spec }) => ({
      name: metadata.name,
      ...(spec as {
        selector: { matchLabels: Record<string, string> };
        endpoints: { port: string; relabelings: { targetLabel: string; replacement: string }[] }[];
      }),
    }));
    const jobs = monitors.map(({ endpoints }) => endpoints[0]!.relabelings.find((one) => one.targetLabel === 'job'));
    for (const job of known) expect(jobs.map((one) => one!.replacement)).toContain(job);
    for (const { name, selector, endpoints } of monitors) {
      const found = services.filter(({ metadata }) =>
        Object.entries(selector.matchLabels).every(([key, value]) => metadata.labels![key] === value),
      );
      // One Service, so that each pod is scraped once; all pods behind it, ready or not.
      expect(
        found.map(({ metadata }) => metadata.name),
        name,
      ).toHaveLength(1);
      expect(found[0]!.spec).toMatchObject({ clusterIP: 'None', publishNotReadyAddresses: true });
      const { ports } = found[0]!.spec as { ports: { name: string; targetPort: string; port: number }[] };
      expect(ports.map((port) => port.name)).toEqual([endpoints[0]!.port]);
      const pod = podTemplates(production).find(({ owner }) => owner.metadata.name === name)!;
      const port = pod.spec.containers[0]!.ports!.find((one) => one.name === ports[0]!.targetPort);
      expect(port!.containerPort, name).toBe(ports[0]!.port);
    }
    expect(monitors.map(({ name }) => name).sort()).toEqual(['controller', 'experiments', 'ingest', 'serving']);
  });

  it.skipIf(absent)('brings every dashboard to Grafana, under a name that stays', () => {
    const files = readdirSync(join(DEPLOY, 'grafana/dashboards')).sort();
    const maps = ofKind('ConfigMap').filter(({ metadata }) => metadata.labels!.grafana_dashboard === '1');
    expect(maps.flatMap(({ data }) => Object.keys(data!)).sort()).toEqual(files);
    for (const { metadata, data } of maps) {
      const [[file, text]] = Object.entries(data!) as [[string, string]];
      expect(metadata.name).toBe(`dashboard-${file.replace('.json', '')}`);
      expect(text).toBe(readFileSync(join(DEPLOY, 'grafana/dashboards', file), 'utf8'));
    }
  });
});
