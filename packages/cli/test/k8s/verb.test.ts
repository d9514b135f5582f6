import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KubernetesApi } from '../../src/k8s/api.ts';
import { stagesOf } from '../../src/k8s/deploy.ts';
import type { Manifest } from '../../src/k8s/manifest.ts';
import { freePort } from '../../src/workspace/free-port.ts';
import { runCommand } from '../run-command.ts';

let folder: string;
let kubeconfig: string;

const configOf = (server: string) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'there', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'there',
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shortlist-k8s-'));
  kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, configOf(`https://127.0.0.1:${await freePort('127.0.0.1')}`));
  await mkdir(join(folder, 'overlay'));
  await writeFile(join(folder, 'overlay/kustomization.yaml'), 'resources: []\n');
});
afterAll(() => rm(folder, { recursive: true }));

const k8s = (...args: string[]) => runCommand(['k8s', ...args], { KUBECONFIG: kubeconfig });

describe('shortlist k8s', () => {
  it('says that it could not look, with exit code 2, when nothing answers', async () => {
    const { code, stdout, stderr } = await k8s('doctor');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      /^error kubernetes_unreachable: The Kubernetes API at https:\/\/127\.0\.0\.1:\d+ does not answer: .*ECONNREFUSED/,
    );
  });

  it.each([
    [
      'a context that is not there',
      ['doctor', '--context', 'elsewhere'],
      /kubeconfig_invalid: .*no context elsewhere; known: there/,
    ],
    ['a kubeconfig that is not there', ['monitor', '--kubeconfig', '/nowhere/config'], /kubeconfig_invalid: .*ENOENT/],
    ['an overlay that is not there', ['render', 'moon'], /overlay_not_found: There is no overlay moon\. Known: /],
    ['a release without its digest', ['render', 'dev', '--release', 'r-1'], /field_invalid: .*--manifest-sha256/],
    [
      'a digest that is none',
      ['render', 'dev', '--release', 'r-1', '--manifest-sha256', 'abc'],
      /field_invalid: .*64 hexadecimal digits/,
    ],
    ['a tag that is none', ['render', 'dev', '--tag', 'a b'], /field_invalid: .*--tag/],
    ['a time that is none', ['rollback', '--timeout', '-1'], /field_invalid: .*--timeout/],
  ])('refuses %s with a code and exit code 2', async (_what, args, message) => {
    const { code, stderr } = await k8s(...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it('says what to install when there is no kubectl', async () => {
    const main = join(import.meta.dirname, '../../src/main.ts');
    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((done) => {
      execFile(
        process.execPath,
        [main, 'k8s', 'render', join(folder, 'overlay')],
        { env: { PATH: '/nowhere' } },
        (error, _, text) => done({ code: error?.code, stderr: text }),
      );
    });
    expect(stderr).toMatch(/kubectl_missing: kubectl cannot be started: .*Install it/);
    expect(code).toBe(2);
  });
});

describe('a deploy', () => {
  const object = (kind: string, name: string): Manifest => ({ apiVersion: 'v1', kind, metadata: { name } });

  it('applies what others need first, and pods after the migrations', () => {
    const objects = [
      object('Deployment', 'serving'),
      object('HorizontalPodAutoscaler', 'serving'),
      object('Job', 'migrate'),
      object('StatefulSet', 'postgres'),
      object('ConfigMap', 'shop'),
      object('CustomResourceDefinition', 'experiments.shortlist.dev'),
      object('Namespace', 'shortlist'),
    ];
    const stages = stagesOf(objects);
    expect(Object.values(stages).map((stage) => stage.map(({ metadata }) => metadata.name))).toEqual([
      ['experiments.shortlist.dev', 'shortlist'],
      ['postgres', 'shop'],
      ['migrate'],
      ['serving', 'serving'],
    ]);
  });
});

describe('reads of the Kubernetes API', () => {
  let server: Server;
  let api: KubernetesApi;
  const asked: { path: string; accept: string | undefined }[] = [];

  beforeAll(async () => {
    server = createServer(({ url = '', headers }, response) => {
      asked.push({ path: url, accept: headers.accept });
      const answer = (status: number, body: unknown) => response.writeHead(status).end(JSON.stringify(body));
      if (url.startsWith('/pages?limit=500&continue=next')) return answer(200, { metadata: {}, items: [3] });
      if (url.startsWith('/pages')) return answer(200, { metadata: { continue: 'next' }, items: [1, 2] });
      if (url === '/forbidden') return answer(403, { kind: 'Status', message: 'pods is forbidden' });
      if (url === '/empty?limit=500') return answer(200, { metadata: {}, items: null });
      if (url === '/broken') return response.writeHead(503).end('no upstream');
      return answer(404, { kind: 'Status', reason: 'NotFound' });
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await writeFile(join(folder, 'plain'), configOf(`http://127.0.0.1:${port}`));
    api = await KubernetesApi.open({ kubeconfig: join(folder, 'plain') });
  });
  afterAll(() => server.close());

  it('follows a list to its last page', async () => {
    expect(await api.list('/pages')).toEqual({ state: 'found', value: [1, 2, 3] });
    expect(await api.list('/empty')).toEqual({ state: 'found', value: [] });
  });

  it('tells absent from refused from broken', async () => {
    expect(await api.get('/nothing')).toEqual({ state: 'absent' });
    expect(await api.get('/forbidden')).toEqual({ state: 'unknown', reason: '403: pods is forbidden' });
    expect(await api.get('/broken')).toEqual({ state: 'unknown', reason: '503: no upstream' });
  });

  it('asks for names alone where content is nobody’s business', async () => {
    await api.list('/secrets', { metadataOnly: true });
    expect(asked.at(-1)?.accept).not.toMatch(/(^|,)application\/json(,|$)/);
  });
});
