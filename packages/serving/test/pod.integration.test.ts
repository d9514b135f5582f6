import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

type Line = Record<string, unknown>;

interface Child {
  readonly process: ChildProcess;
  readonly lines: Line[];
  readonly url: () => string;
  /** Resolves to the exit code, or the signal that killed it. */
  readonly ended: Promise<number | string>;
}

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function startChild(variables: Record<string, string> = {}, mode = ''): Child {
  const script = resolve(import.meta.dirname, 'pod-child.ts');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, mode], {
    env: {
      PATH: process.env.PATH,
      SHORTLIST_HTTP_HOST: '127.0.0.1',
      SHORTLIST_HTTP_PORT: '0',
      SHORTLIST_ADMIN_PORT: '0',
      ...variables,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines: Line[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop()!;
    lines.push(...parts.map((part) => JSON.parse(part) as Line));
  });
  return {
    process: child,
    lines,
    url: () => `http://127.0.0.1:${String(lines.find(({ msg }) => msg === 'listening')?.httpPort)}`,
    ended: once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string),
  };
}

async function ready(child: Child): Promise<void> {
  await expect.poll(() => child.lines.map(({ msg }) => msg), { timeout: 20_000 }).toContain('ready');
}

describe.each(['uws', 'node'])('a pod on %s', (httpServer) => {
  it.each(['SIGTERM', 'SIGINT'] as const)('finishes what is in flight on %s, then ends with 0', async (signal) => {
    const child = startChild({ SHORTLIST_HTTP_SERVER: httpServer });
    await ready(child);
    const answer = fetch(`${child.url()}/products`);
    await expect
      .poll(async () => (await fetch(`${child.url()}/metrics`)).text())
      .toContain('shortlist_requests_in_flight 2');
    child.process.kill(signal);
    const response = await answer;
    expect(response.status).toBe(200);
    expect(response.headers.get('connection')).toBe('close');
    expect(await child.ended).toBe(0);
    expect(child.lines.map(({ msg }) => msg)).toEqual(['listening', 'ready', 'draining', 'stopped']);
    expect(child.lines.at(-1)).toMatchObject({ cut_off: 0 });
  });

  it('says no to readiness while the port is still open', async () => {
    const child = startChild({ SHORTLIST_HTTP_SERVER: httpServer, SHORTLIST_DRAIN_DELAY_MS: '600' });
    await ready(child);
    expect((await fetch(`${child.url()}/health/ready`)).status).toBe(200);
    child.process.kill('SIGTERM');
    await expect.poll(async () => (await fetch(`${child.url()}/health/ready`)).status).toBe(503);
    expect((await fetch(`${child.url()}/health/live`)).status).toBe(200);
    const late = await fetch(`${child.url()}/recommendations?user_id=u`);
    expect(late.status).toBe(200);
    expect(await child.ended).toBe(0);
  });

  it('cuts off what outlasts the drain, and says how many', async () => {
    const child = startChild({ SHORTLIST_HTTP_SERVER: httpServer, SHORTLIST_DRAIN_MS: '20' });
    await ready(child);
    const answer = fetch(`${child.url()}/products`).catch(() => 'cut off');
    await expect
      .poll(async () => (await fetch(`${child.url()}/metrics`)).text())
      .toContain('shortlist_requests_in_flight 2');
    child.process.kill('SIGTERM');
    expect(await answer).toBe('cut off');
    expect(await child.ended).toBe(0);
    expect(child.lines.at(-1)).toMatchObject({ msg: 'stopped', cut_off: 1 });
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

  it('ends with 2 and port_in_use when the port is taken', async () => {
    const first = startChild();
    await ready(first);
    const second = startChild({ SHORTLIST_HTTP_PORT: new URL(first.url()).port });
    expect(await second.ended).toBe(2);
    expect(second.lines.find(({ code }) => code === 'port_in_use')).toBeDefined();
  });
});
