import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BUILD_FEATURES } from '@shortlist/core/release/feature-schema.ts';
import { ReleaseRegistry } from '@shortlist/core/release/registry.ts';
import { buildTinyRelease, writeTinyRun } from '../../../core/test/release/tiny-run.ts';

const MAIN = resolve(import.meta.dirname, '../../src/main.ts');
const WITHIN = { timeout: 60_000, interval: 100 };

let home: string;
let registry: ReleaseRegistry;
let nextRelease = '';
let running: ChildProcess | undefined;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'serve-'));
  const releasesDir = join(home, 'datasets/demo/releases');
  await writeTinyRun(join(home, 'run'), 1, BUILD_FEATURES);
  await writeTinyRun(join(home, 'run-2'), 2, BUILD_FEATURES);
  const { id } = await buildTinyRelease(join(home, 'run'), releasesDir, { features: BUILD_FEATURES });
  ({ id: nextRelease } = await buildTinyRelease(join(home, 'run-2'), releasesDir, { features: BUILD_FEATURES }));
  const activePath = join(home, 'datasets/demo/active.json');
  registry = new ReleaseRegistry({ dataset: 'demo', releasesDir, activePath });
  await registry.activate(id);
});
afterEach(() => running?.kill('SIGKILL'));
afterAll(() => rm(home, { recursive: true }));

/** The real command, its pods and what it says. */
function start(args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, 'serve', ...args], {
    env: { PATH: process.env.PATH, SHORTLIST_HOME: home, SHORTLIST_HTTP_HOST: '127.0.0.1', ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running = child;
  const text = { log: '', said: '' };
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (text.log += piece));
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (text.said += piece));
  return { child, text, ended: once(child, 'exit').then(([code]) => code as number) };
}

/** Process ids of whoever answers, over as many connections of their own. */
async function answering(url: string, connections = 30): Promise<Set<number>> {
  const pids = new Set<number>();
  for (let i = 0; i < connections; i++) {
    const response = await fetch(`${url}/status`, { headers: { connection: 'close' } });
    pids.add(((await response.json()) as { process: { pid: number } }).process.pid);
  }
  return pids;
}

describe('shortlist serve --processes 2', () => {
  it('shares the port, says what each takes, starts a killed one again and drains all', async () => {
    const { child, text, ended } = start(['--processes', '2', '--port', '0', '--admin-port', '0']);
    await expect.poll(() => text.said, WITHIN).toMatch(/All 2 serve/);
    const url = /All 2 serve (\S+)\./.exec(text.said)![1]!;
    expect(text.said).toMatch(/process 1 \(pid \d+\): ready, admin port \d+, \d+ MiB resident, \d+ MiB its own share/);
    let pids = new Set<number>();
    await expect.poll(async () => (pids = await answering(url)).size, WITHIN).toBe(2);
    const metricsOf = async (pid: number) => {
      const port = new RegExp(`pid ${pid}\\): ready, admin port (\\d+)`).exec(text.said)![1]!;
      return (await fetch(`http://127.0.0.1:${port}/metrics`)).status;
    };
    for (const pid of pids) expect(await metricsOf(pid)).toBe(200);

    const [killed] = [...pids] as [number, number];
    process.kill(killed, 'SIGKILL');
    await expect.poll(() => text.said, WITHIN).toMatch(/ended: it ended with SIGKILL\. Started again in 0\.5 s/);
    expect(await answering(url)).not.toContain(killed);
    await expect.poll(async () => (await answering(url)).size, WITHIN).toBe(2);
    expect(await answering(url)).not.toContain(killed);

    // A release that is activated is taken over by both, in turn.
    await registry.activate(nextRelease);
    const served = async () => {
      const releases = new Set<string>();
      for (let i = 0; i < 30; i++) {
        const response = await fetch(`${url}/trending?k=1`, { headers: { connection: 'close' } });
        releases.add(((await response.json()) as { model_version: string }).model_version);
      }
      return [...releases];
    };
    await expect.poll(served, WITHIN).toEqual([nextRelease]);

    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(text.log.match(/"msg":"stopped"/g)).toHaveLength(2);
    for (const line of text.log.trim().split('\n')) expect(() => void JSON.parse(line)).not.toThrow();
  });

  it('ends with 2 and the reason when no pod can start', async () => {
    const { text, ended } = start(['--processes', '2', '--port', '0', '--admin-port', '0', '--dataset', 'nothing']);
    expect(await ended).toBe(2);
    expect(text.said).toMatch(/error pod_start_failed: .*release_none_active/);
  });

  it.each([
    [['--processes', '0'], {}, 'field_invalid'],
    [['--port', 'x'], {}, 'field_invalid'],
    [[], { SHORTLIST_DRAIN_MS: 'soon' }, 'config_invalid'],
  ] as const)('refuses %j with %j: %s', async (args, variables, code) => {
    const { text, ended } = start(args, variables);
    expect(await ended).toBe(2);
    expect(text.said).toContain(`error ${code}`);
  });
});
