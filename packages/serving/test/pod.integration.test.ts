import { afterEach, describe, expect, it } from 'vitest';
import { killChildren, startChild as start, untilReady as ready, type ChildPod } from './child-pod.ts';

afterEach(killChildren);

/** Far beyond what a busy machine needs; none of them is waited for. */
const WITHIN = { timeout: 30_000 };

const startChild = (variables: Record<string, string> = {}, mode = ''): ChildPod =>
  start('pod-child.ts', variables, [mode]);

describe.each(['uws', 'node'])('a pod on %s', (httpServer) => {
  it.each(['SIGTERM', 'SIGINT'] as const)('finishes what is in flight on %s, then ends with 0', async (signal) => {
    const child = startChild({ SHORTLIST_HTTP_SERVER: httpServer });
    await ready(child);
    const answer = fetch(`${child.url()}/products`);
    await expect
      .poll(async () => (await fetch(`${child.url()}/metrics`)).text(), WITHIN)
      .toContain('shortlist_requests_in_flight 2');
    child.process.kill(signal);
    await expect.poll(() => child.lines.map(({ msg }) => msg), WITHIN).toContain('draining');
    child.process.kill('SIGUSR2');
    const response = await answer;
    expect(response.status).toBe(200);
    expect(response.headers.get('connection')).toBe('close');
    expect(await child.ended).toBe(0);
    expect(child.lines.map(({ msg }) => msg)).toEqual(['listening', 'ready', 'draining', 'stopped']);
    expect(child.lines.at(-1)).toMatchObject({ cut_off: 0 });
  });

  it('says no to readiness while the port is still open', async () => {
    const child = startChild({ SHORTLIST_HTTP_SERVER: httpServer, SHORTLIST_DRAIN_DELAY_MS: '3000' });
    await ready(child);
    expect((await fetch(`${child.url()}/health/ready`)).status).toBe(200);
    child.process.kill('SIGTERM');
    await expect.poll(async () => (await fetch(`${child.url()}/health/ready`)).status, WITHIN).toBe(503);
    expect((await fetch(`${child.url()}/health/live`)).status).toBe(200);
    const late = await fetch(`${child.url()}/recommendations?user_id=u`);
    expect(late.status).toBe(200);
    expect(late.headers.get('connection')).toBe('close');
    expect(await child.ended).toBe(0);
  });

  it('cuts off what outlasts the drain, and says how many', async () => {
    const child = startChild({ SHORTLIST_HTTP_SERVER: httpServer, SHORTLIST_DRAIN_MS: '20' });
    await ready(child);
    const answer = fetch(`${child.url()}/products`).catch(() => 'cut off');
    await expect
      .poll(async () => (await fetch(`${child.url()}/metrics`)).text(), WITHIN)
      .toContain('shortlist_requests_in_flight 2');
    child.process.kill('SIGTERM');
    expect(await answer).toBe('cut off');
    expect(await child.ended).toBe(0);
    expect(child.lines.at(-1)).toMatchObject({ msg: 'stopped', cut_off: 1 });
  });
});

describe.each(['uws', 'node'])('a pod on %s that listens when it is ready', (httpServer) => {
  it('binds the public port last, and says which; the admin port is there from the start', async () => {
    const child = startChild({ SHORTLIST_HTTP_SERVER: httpServer, SHORTLIST_LISTEN_WHEN_READY: 'true' }, 'held');
    await expect.poll(() => child.lines.find(({ msg }) => msg === 'listening')?.httpPort, WITHIN).toBeNull();
    expect((await fetch(`${child.adminUrl()}/health/ready`)).status).toBe(503);
    child.process.kill('SIGUSR2');
    await ready(child);
    const { httpPort } = child.lines.find(({ msg }) => msg === 'ready')!;
    expect((await fetch(`http://127.0.0.1:${String(httpPort)}/health/ready`)).status).toBe(200);
    child.process.kill('SIGTERM');
    expect(await child.ended).toBe(0);
  });
});

describe('a pod that cannot start', () => {
  it('ends with 2 and the coded error when the operator can mend it', async () => {
    const child = startChild({}, 'coded');
    expect(await child.ended).toBe(2);
    expect(child.lines.find(({ code }) => code === 'release_none_active')).toMatchObject({ level: 60 });
  });

  it('ends with 1 and the stack when it is a bug', async () => {
    const child = startChild({}, 'bug');
    expect(await child.ended).toBe(1);
    expect(child.lines.find(({ level }) => level === 60)).toMatchObject({ err: { type: 'TypeError' } });
  });

  it.each(['uws', 'node'])('ends with 2 and port_in_use when the port is taken, over %s', async (httpServer) => {
    const first = startChild({ SHORTLIST_HTTP_SERVER: httpServer });
    await ready(first);
    const port = Number(new URL(first.url()).port);
    const second = startChild({ SHORTLIST_HTTP_SERVER: httpServer, SHORTLIST_HTTP_PORT: `${port}` });
    expect(await second.ended).toBe(2);
    expect(second.lines.find(({ code }) => code === 'port_in_use')).toMatchObject({ details: { port } });
  });
});

describe('a pod that crashes', () => {
  it('writes why before it dies', async () => {
    const child = startChild({}, 'crash');
    expect(await child.ended).not.toBe(0);
    expect(child.lines.at(-1)).toMatchObject({ level: 60, msg: 'uncaught', err: { type: 'RangeError' } });
  });
});
