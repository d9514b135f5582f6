import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PodSight } from '@shortlist/controller/model-release/observation.ts';
import { createPodAdmin } from '@shortlist/controller/model-release/pod-admin.ts';
import { podAddress, type Pod } from '@shortlist/controller/model-release/pods.ts';

const release = 'r-202611210500-0a1b2c3d';
const manifestSha256 = 'a'.repeat(64);

let server: Server;
let asked: string[];
let answer: { status: number; body: string };
let failures: string[];
let mayAct: boolean;
let pod: PodSight;

beforeEach(async () => {
  [asked, failures, mayAct] = [[], [], true];
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  pod = { name: 'serving-a', url, isReady: true, named: null, releases: null, problem: null };
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const admin = () =>
  createPodAdmin({
    timeoutMs: 10_000,
    check: () => {
      if (!mayAct) throw new Error('the term is over');
    },
    onFailure: (what, name, error) => failures.push(`${what} ${name}: ${(error as Error).message}`),
  });
const says = (body: unknown, status = 200) => (answer = { status, body: JSON.stringify(body) });

describe('the admin port of a pod', () => {
  it('says what the pod serves, what its template names, and what it has prepared', async () => {
    const prepared = { release, manifest_sha256: manifestSha256, state: 'refused', reason: 'it is damaged' };
    says({ active: 'r-a', previous: null, last_refusal: null, pinned: null, prepared });
    expect((await admin().ask(pod)).releases).toEqual({
      active: 'r-a',
      pinned: null,
      prepared: { release, manifestSha256, state: 'refused', reason: 'it is damaged' },
    });
    expect(asked).toEqual(['GET /admin/release']);
  });

  it.each([
    [200, { hello: 'world' }, 'its answer is not understood'],
    [
      404,
      { error: { code: 'route_not_found', message: 'No route GET /admin/release.' } },
      'No route GET /admin/release.',
    ],
    [503, 'starting', '503'],
  ])('answers %i %j: the pod is one that cannot be asked, with the reason', async (status, body, reason) => {
    says(body, status);
    const { releases, problem } = await admin().ask(pod);
    expect([releases, problem]).toEqual([null, expect.stringContaining(reason)]);
  });

  it('does not answer at all: so is one that is away, or has no address yet', async () => {
    const away = await admin().ask({ ...pod, url: 'http://127.0.0.1:9' });
    expect(away.problem).toMatch(/^cannot be asked: fetch failed \(/);
    const unknown = { ...pod, url: null, problem: 'has no address yet' };
    expect(await admin().ask(unknown)).toBe(unknown);
    await admin().restore(unknown);
    expect([asked, failures]).toEqual([[], []]);
  });

  it('is told what to do, and what it does not do is told, not thrown: the next turn tries again', async () => {
    says({});
    const pods = admin();
    await pods.prepare(pod, { release, manifestSha256 });
    await pods.activate(pod, release);
    await pods.restore(pod);
    await pods.discard(pod);
    expect(asked).toEqual([
      `PUT /admin/release/prepared?release=${release}&manifest_sha256=${manifestSha256}`,
      `POST /reload-model?release=${release}`,
      'POST /reload-model',
      'DELETE /admin/release/prepared',
    ]);
    says({ error: { code: 'release_not_found', message: 'Release r does not exist.' } }, 404);
    await pods.activate(pod, release);
    expect(failures).toEqual([
      `activate serving-a: POST /reload-model?release=${release}: 404 Release r does not exist.`,
    ]);
  });

  it('is told nothing by a replica that leads no more', async () => {
    mayAct = false;
    await expect(admin().restore(pod)).rejects.toThrow('the term is over');
    expect(asked).toEqual([]);
  });
});

describe('the address of a pod', () => {
  const at = (changes: Partial<Pod['metadata']>, podIP?: string): Pod => ({
    metadata: { name: 'serving-a', ...changes },
    spec: {
      containers: [
        {
          name: 'serving',
          ports: [
            { name: 'http', containerPort: 8080 },
            { name: 'admin', containerPort: 8081 },
          ],
        },
      ],
    },
    ...(podIP === undefined ? {} : { status: { podIP } }),
  });
  const annotations = { 'test/url': 'http://127.0.0.1:1234' };

  it('is its own with the port named admin; none before it has one', () => {
    expect(podAddress('')(at({}, '10.0.0.7'), 'serving')).toBe('http://10.0.0.7:8081');
    expect(podAddress('')(at({}, 'fd00::7'), 'serving')).toBe('http://[fd00::7]:8081');
    expect(podAddress('')(at({}), 'serving')).toBeNull();
    expect(podAddress('')(at({}, '10.0.0.7'), 'other')).toBeNull();
  });

  it('is what an annotation says only where the configuration names that annotation', () => {
    expect(podAddress('')(at({ annotations }, '10.0.0.7'), 'serving')).toBe('http://10.0.0.7:8081');
    expect(podAddress('test/url')(at({ annotations }, '10.0.0.7'), 'serving')).toBe('http://127.0.0.1:1234');
    expect(podAddress('test/url')(at({}, '10.0.0.7'), 'serving')).toBe('http://10.0.0.7:8081');
  });
});
