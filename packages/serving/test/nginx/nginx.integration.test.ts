import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILD_FEATURES } from '@shortlist/core/release/feature-schema.ts';
import { ReleaseRegistry } from '@shortlist/core/release/registry.ts';
import { buildTinyRelease, writeTinyRun } from '../../../core/test/release/tiny-run.ts';
import { rawRequest } from '../../../service/test/http/raw-socket.ts';
import { killChildren, startChild, untilReady, type ChildPod } from '../child-pod.ts';
import { freePort, NO_NGINX, startNginx, type Nginx } from './nginx-process.ts';

const RESTARTS = process.env.SHORTLIST_FAULTS === 'full' ? 20 : 2;
const CLIENTS = 8;
/** The deadline of every request: what is tested is who gets lost, not how fast this machine is. */
const BODY = JSON.stringify({
  session_id: 's',
  num_items: 5,
  context: { recent_items: ['item-1', 'item-2'] },
  deadline_ms: 5_000,
});

/** Longer than nginx keeps idle connections to a pod, as deploy/nginx/README.md asks. */
const POD = { SHORTLIST_LISTEN_WHEN_READY: 'true', SHORTLIST_DRAIN_DELAY_MS: '3000', SHORTLIST_QUEUE_TARGET_MS: '0' };

describe.skipIf(NO_NGINX !== null)(`nginx in front of two pods${NO_NGINX === null ? '' : ` (${NO_NGINX})`}`, () => {
  let home: string;
  let nginx: Nginx;
  const ports: number[] = [];
  const pods: ChildPod[] = [];

  /** Starts the pod of this number and waits until it takes traffic. */
  async function startPod(number: number): Promise<void> {
    pods[number] = startChild('../src/main.ts', {
      ...POD,
      SHORTLIST_HOME: home,
      SHORTLIST_HTTP_PORT: String(ports[number]),
      SHORTLIST_HTTP_SERVER: number === 0 ? 'uws' : 'node',
    });
    await untilReady(pods[number]);
  }

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'nginx-home-'));
    const releasesDir = join(home, 'datasets/demo/releases');
    await writeTinyRun(join(home, 'run'), 1, BUILD_FEATURES);
    const { id } = await buildTinyRelease(join(home, 'run'), releasesDir, { features: BUILD_FEATURES });
    const activePath = join(home, 'datasets/demo/active.json');
    await new ReleaseRegistry({ dataset: 'demo', releasesDir, activePath }).activate(id);
    ports.push(await freePort(), await freePort());
    await Promise.all([startPod(0), startPod(1)]);
    nginx = await startNginx(ports);
  });
  afterAll(async () => {
    await nginx?.stop();
    killChildren();
    await rm(home, { recursive: true });
  });

  const recommend = (headers: Record<string, string> = {}) =>
    fetch(`${nginx.url}/recommend`, {
      method: 'POST',
      body: BODY,
      headers: { 'content-type': 'application/json', ...headers },
    });

  it('passes questions to both pods over connections that it keeps, with a request id that both know', async () => {
    for (let i = 0; i < 40; i++) expect((await recommend()).status).toBe(200);
    const answer = await recommend({ 'x-request-id': 'of-the-caller' });
    expect(((await answer.json()) as { request_id: string }).request_id).toBe('of-the-caller');
    await expect.poll(() => nginx.log(), { timeout: 10_000 }).toContain('id=of-the-caller');
    const log = await nginx.log();
    for (const port of ports) expect(log).toContain(`upstream=127.0.0.1:${port}:200`);
    for (const pod of pods) {
      const metrics = await (await fetch(`${pod.adminUrl()}/metrics`)).text();
      expect(metrics).toMatch(/shortlist_requests_total\{route="\/recommend",status="200"/);
    }
  });

  it('keeps what is of one pod, and what is too large, from the pods', async () => {
    expect((await fetch(`${nginx.url}/metrics`)).status).toBe(404);
    expect((await fetch(`${nginx.url}/status`)).status).toBe(404);
    const large = await fetch(`${nginx.url}/recommend`, { method: 'POST', body: 'x'.repeat(1_100_000) });
    expect(large.status).toBe(413);
    const cookie = await rawRequest(nginx.port, {
      pieces: [`GET /ping HTTP/1.1\r\nHost: shop\r\nCookie: ${'x'.repeat(20_000)}\r\n\r\n`],
      timeoutMs: 30_000,
    });
    expect(cookie.statuses).toEqual([400]);
  });

  it('lets go of clients that send too slowly, and serves the others meanwhile', async () => {
    const head = 'POST /recommend HTTP/1.1\r\nHost: shop\r\n';
    let letGo = 0;
    const slow = [head, `${head}Content-Length: 100\r\n\r\n{`].map((text) => {
      const socket = connect(nginx.port, '127.0.0.1', () => socket.write(text));
      // nginx resets what was too slow.
      socket.on('error', () => undefined).on('close', () => (letGo += 1));
      return socket;
    });
    for (let i = 0; i < 20; i++) expect((await recommend()).status).toBe(200);
    await expect.poll(() => letGo, { timeout: 50_000 }).toBe(slow.length);
  });

  it(
    `loses no request in ${RESTARTS} rolling restarts under load, and one that is killed costs none either`,
    { timeout: 60_000 + RESTARTS * 60_000 },
    async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
      const statuses = new Map<number | string, number>();
      let isOver = false;
      const client = async (): Promise<void> => {
        while (!isOver) {
          const status = await ask(nginx.port, agent);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          await sleep(20);
        }
      };
      const clients = Array.from({ length: CLIENTS }, client);
      for (let restart = 0; restart < RESTARTS; restart++) {
        const number = restart % 2;
        pods[number]!.process.kill('SIGTERM');
        expect(await pods[number]!.ended).toBe(0);
        await startPod(number);
        // Until nginx, which may just have found it gone, asks it again.
        await sleep(2_000);
      }
      pods[0]!.process.kill('SIGKILL');
      await pods[0]!.ended;
      await startPod(0);
      isOver = true;
      await Promise.all(clients);
      agent.destroy();
      expect([...statuses.keys()]).toEqual([200]);
      expect(statuses.get(200)).toBeGreaterThan(CLIENTS * RESTARTS);
    },
  );
});

/** Status of one question over a kept connection; the error's code when there is no answer. */
function ask(port: number, agent: Agent): Promise<number | string> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(BODY) };
    const sent = httpRequest({ host: '127.0.0.1', port, path: '/recommend', method: 'POST', agent, headers });
    sent.on('response', (response) => response.resume().on('end', () => resolve(response.statusCode!)));
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    sent.end(BODY);
  });
}
