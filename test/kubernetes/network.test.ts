import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROUTES as INGEST } from '@shortlist/ingest/routes/routes.ts';
import { ROUTES as SERVING } from '@shortlist/serving/routes/routes.ts';
import { isAllowed, partyOf, type Party } from './connections.ts';
import { absent, DEPLOY, parseManifests, render, type KubeObject } from './kustomize.ts';
import { podTemplates } from './pods.ts';

const production = absent ? [] : render('overlays/production');
const dev = absent ? [] : render('overlays/dev');
const component = (name: string): readonly KubeObject[] =>
  ['network-policy.yaml', name].flatMap((file) =>
    parseManifests(
      readFileSync(join(DEPLOY, 'components', name === 'ingress.yaml' ? 'nginx-ingress' : 'gateway-api', file), 'utf8'),
    ),
  );

const CLIENTS: Party = { namespace: { 'shortlist.dev/client': 'true' } };
const PROMETHEUS: Party = {
  namespace: { 'kubernetes.io/metadata.name': 'monitoring' },
  pod: { 'app.kubernetes.io/name': 'prometheus' },
};
const DNS: Party = { namespace: { 'kubernetes.io/metadata.name': 'kube-system' }, pod: { 'k8s-app': 'kube-dns' } };
const GATEWAY: Party = { namespace: { 'kubernetes.io/metadata.name': 'gateways' } };
const STRANGERS: Party = { namespace: { 'kubernetes.io/metadata.name': 'default' }, pod: { app: 'anything' } };
const STORES: Party = { address: '10.40.144.7' };
const API_SERVER: Party = { address: '10.40.1.2' };
const INTERNET: Party = { address: '203.0.113.7' };

const partiesOf = (objects: readonly KubeObject[]): Record<string, Party> =>
  Object.fromEntries(podTemplates(objects).map((pod) => [pod.owner.metadata.name, partyOf(pod)]));

const HTTP = ['http', 8080, 8090, 8092];
const ADMIN = ['admin', 8081, 8091, 8093, 8095];
const NAMED: Readonly<Record<string, Party>> = {
  ...{ clients: CLIENTS, prometheus: PROMETHEUS, dns: DNS, gateway: GATEWAY, strangers: STRANGERS },
  ...{ stores: STORES, apiserver: API_SERVER, internet: INTERNET },
};

/** Everything that production needs, and nothing else: who, to whom, at which port. */
const CONNECTIONS: readonly [from: string, to: string, ports: readonly (string | number)[]][] = [
  ['clients', 'serving', HTTP],
  ['clients', 'ingest', HTTP],
  ['gateway', 'serving', HTTP],
  ['gateway', 'ingest', HTTP],
  ['serving', 'ingest', HTTP],
  ['controller', 'serving', ADMIN],
  ['controller', 'experiments', HTTP],
  // The API server has no address that every network plugin knows it by; it is asked with a token, as in the cluster.
  ...Object.keys(NAMED)
    .flatMap((to) => [443, 6443].map((port) => ['controller', to, [port]] as const))
    .map(mutable),
  ['experiments', 'internet', [443]],
  ...['serving', 'ingest', 'experiments', 'controller']
    .map((name) => ['prometheus', name, ADMIN] as const)
    .map(mutable),
  ...['migrations', 'partitions', 'retention', 'train', 'precompute']
    .map((name) => [name, 'experiments', HTTP] as const)
    .map(mutable),
  ...['serving', 'ingest', 'experiments', 'migrations', 'partitions', 'retention', 'train', 'precompute']
    .flatMap((name) => [5432, 6379].flatMap((port) => ['stores', 'apiserver'].map((to) => [name, to, [port]] as const)))
    .map(mutable),
  ...['serving', 'ingest', 'experiments', 'controller', 'migrations', 'partitions', 'retention', 'train', 'precompute']
    .map((name) => [name, 'dns', [53]] as const)
    .map(mutable),
];
function mutable(
  connection: readonly [string, string, readonly (string | number)[]],
): [string, string, readonly (string | number)[]] {
  return [...connection];
}

describe(`network policies of production ${absent}`, () => {
  const parties = { ...NAMED, ...partiesOf(production) };
  const isOpen = (from: string, to: string, ports: readonly (string | number)[]) =>
    isAllowed(production, parties[from]!, parties[to]!, ports);
  const textOf = ([from, to, ports]: readonly [string, string, readonly (string | number)[]]) =>
    `${from} -> ${to} ${ports.join()}`;

  it.skipIf(absent)('open every connection that is needed, and no other', () => {
    const kinds = [HTTP, ADMIN, [53], [443], [6443], [5432], [6379]];
    const open = [];
    for (const from of Object.keys(parties))
      for (const to of Object.keys(parties)) {
        // What others may do among themselves is no matter of this namespace.
        if (from === to || (from in NAMED && to in NAMED)) continue;
        for (const ports of kinds) if (isOpen(from, to, ports)) open.push(textOf([from, to, ports]));
      }
    expect(open.sort()).toEqual(CONNECTIONS.map(textOf).sort());
  });

  it.skipIf(absent)('select every pod, for both directions', () => {
    const policies = production.filter(({ kind }) => kind === 'NetworkPolicy');
    expect(policies.find(({ metadata }) => metadata.name === 'default-deny')!.spec).toEqual({
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
    });
  });

  it.skipIf(absent)('name ports that the pods have', () => {
    const named = new Map(
      [...podTemplates(production), ...podTemplates(dev)].map(({ owner, spec }) => [
        owner.metadata.name,
        spec.containers.flatMap(({ ports = [] }) => ports.map(({ name }) => name)),
      ]),
    );
    for (const { metadata, spec } of [...production, ...dev].filter(({ kind }) => kind === 'NetworkPolicy'))
      for (const [, port] of JSON.stringify(spec).matchAll(/"port":"([a-z]+)"/g))
        expect([...named.values()].flat(), metadata.name).toContain(port);
  });
});

describe(`network policies of dev ${absent}`, () => {
  const parties = partiesOf(dev);
  it.skipIf(absent)('let services and jobs reach the stores, and the stores nobody', () => {
    const open = (from: string, to: string, port: string) => isAllowed(dev, parties[from]!, parties[to]!, [port]);
    for (const name of ['serving', 'ingest', 'experiments', 'migrations', 'train']) {
      expect(open(name, 'postgres', 'postgres'), name).toBe(true);
      expect(open(name, 'valkey', 'valkey'), name).toBe(true);
      expect(open('postgres', name, 'http'), name).toBe(false);
    }
    expect(open('controller', 'postgres', 'postgres')).toBe(false);
    expect(isAllowed(dev, STRANGERS, parties.postgres!, ['postgres'])).toBe(false);
    expect(isAllowed(dev, parties.valkey!, INTERNET, [443])).toBe(false);
  });
});

interface IngressSpec {
  readonly rules: readonly {
    readonly http: {
      readonly paths: readonly { path: string; backend: { service: { name: string; port: { name: string } } } }[];
    };
  }[];
}
interface RouteSpec {
  readonly rules: readonly {
    readonly matches: readonly { readonly method: string; readonly path: { readonly value: string } }[];
    readonly backendRefs: readonly { readonly name: string; readonly port: number }[];
  }[];
}

describe('doors to the outside', () => {
  const routes = { serving: SERVING, ingest: INGEST };
  const publicPaths = (name: string) =>
    routes[name as keyof typeof routes].filter(({ port }) => port === 'public').map(({ path }) => path);
  const ingress = component('ingress.yaml').find(({ kind }) => kind === 'Ingress')!.spec as IngressSpec;
  const route = component('http-route.yaml').find(({ kind }) => kind === 'HTTPRoute')!.spec as RouteSpec;
  const ofIngress = ingress.rules[0]!.http.paths.map(({ path, backend }) => [backend.service.name, path] as const);
  const ofRoute = route.rules.flatMap(({ matches, backendRefs }) =>
    matches.map(({ method, path }) => [backendRefs[0]!.name, path.value, method] as const),
  );

  it('lead to routes that there are, with their methods', () => {
    for (const [name, path] of [...ofIngress, ...ofRoute])
      expect(
        publicPaths(name).some((known) => known === path || known.startsWith(path)),
        path,
      ).toBe(true);
    for (const [name, path, method] of ofRoute)
      expect(
        routes[name as keyof typeof routes].some((known) => known.path.startsWith(path) && known.method === method),
        `${method} ${path}`,
      ).toBe(true);
  });

  it('are the same two ways, and lead neither to metrics nor to what changes the catalogue or a person', () => {
    const sorted = (paths: readonly (readonly string[])[]) =>
      paths.map(([name, path]) => `${name} ${path!.replace(/\/$/, '')}`).sort();
    expect(sorted(ofRoute)).toEqual(sorted(ofIngress));
    const open = new Set(ofIngress.map(([, path]) => path));
    for (const path of ['/metrics', '/status', '/users', '/items', '/records', '/docs', '/'])
      expect(open.has(path), path).toBe(false);
  });
});
