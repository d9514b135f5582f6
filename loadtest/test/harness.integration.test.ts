import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePorts, startUp, stopAll, tinyShop, untilUp } from '../../packages/cli/test/up/tiny-shop.ts';
import type { TemporaryWorkspace } from '../../packages/cli/test/workspace/temporary-workspace.ts';
import type { Result } from '../report/result.ts';
import { presentK6 } from './present-k6.ts';
import { targetDouble, type Kind, type TargetDouble } from './target-double.ts';

const k6 = presentK6();
if (k6 === undefined) console.log('skipped: no k6 on PATH or in the cache; `make loadtest` builds it');
/** This is about what is counted, not about how fast this machine is. */
const PATIENT = ['--p99-ms', '60000'];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'loadtest-'));
  writeFileSync(join(folder, 'users'), 'ada\t9\nbob\t1\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

async function loadtest(args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const out = join(mkdtempSync(join(folder, 'out-')), 'report');
  const main = join(import.meta.dirname, '../main.ts');
  const all = ['--disable-warning=ExperimentalWarning', main, '--k6', k6 ?? 'k6', '--out', out, ...args];
  const child = spawn(process.execPath, all, { env: { ...process.env, ...variables } });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  const file = join(out, 'result.json');
  const result = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Result) : undefined;
  return { code, stdout, stderr, result, html: join(out, 'report.html') };
}

describe.skipIf(k6 === undefined)('make loadtest, with the real k6', () => {
  let target: TargetDouble | undefined;
  afterEach(async () => {
    await target?.close();
    target = undefined;
  });
  const against = async (kindOf: (n: number) => Kind, ...args: string[]) => {
    target = await targetDouble(kindOf);
    const load = ['--target', target.url, '--users', join(folder, 'users'), '--rate', '20', '--seconds', '2'];
    return loadtest(['--scenario', 'smoke', ...load, ...PATIENT, ...args]);
  };

  it('ends with 0 when every promise is kept: all planned requests were made, and a report is there', async () => {
    const { code, stdout, result, html } = await against(() => 'whole');
    expect([stdout, code]).toEqual([expect.stringContaining('smoke: PASSED'), 0]);
    // 1 s up to 20/s, 1 s and 2 s at 20/s; a busy machine may not come to the last ones in time.
    expect(result!.planned).toBe(69);
    const requests = target!.asked.length;
    expect(requests).toBeGreaterThan(30);
    expect(result).toMatchObject({ dropped: 0, all: { requests, accepted: requests, failed: 0, shed: 0 } });
    expect(result!.tiers).toMatchObject({ personalized: requests });
    // Nine of ten of the users.
    expect(target!.asked.filter((body) => body.includes('"ada"')).length).toBeGreaterThan(requests / 2);
    expect(result!.parts.reduce((sum, { requests }) => sum + requests, 0)).toBe(requests);
    expect(readFileSync(html, 'utf8')).toContain('smoke: PASSED');
  });

  it('counts refusals and degraded answers apart from errors, and ends with 99 where they break a promise', async () => {
    const { code, result, stdout } = await against((n) =>
      n % 5 === 0 ? 'refused' : n % 5 === 1 ? 'degraded' : 'whole',
    );
    expect(code).toBe(99);
    const requests = target!.asked.length;
    const [shed, degraded] = [Math.ceil(requests / 5), Math.ceil((requests - 1) / 5)];
    expect(result!.all).toEqual(
      expect.objectContaining({ requests, shed, failed: 0, accepted: requests - shed, degraded }),
    );
    expect(stdout).toMatch(/NO {3}hold: refused < 0\.1 %/);
    expect(stdout).toMatch(/NO {3}hold: degraded < 1 %/);
    expect(stdout).toMatch(/yes {2}errors < 0\.1 %/);
  });

  it('takes for errors: other statuses, empty slates, refusals that do not say when to come back', async () => {
    const kinds: Kind[] = ['error', 'empty', 'refused silently', 'whole', 'whole'];
    const { code, result } = await against((n) => kinds[n % 5]!);
    expect(code).toBe(99);
    const requests = target!.asked.length;
    const accepted = target!.asked.filter((_, n) => n % 5 > 2).length;
    expect(result!.all).toMatchObject({ failed: requests - accepted, shed: 0, accepted });
  });

  it('breaks the promise of latency when it is not kept', async () => {
    const { code, stdout } = await against(() => 'whole', '--p99-ms', '0.000001');
    expect(code).toBe(99);
    expect(stdout).toMatch(/NO {3}hold: p99 from when it was due/);
  });

  it('ends with 2 and the reason when it could not run', async () => {
    const nobody = ['--target', 'http://127.0.0.1:9', '--users', join(folder, 'users')];
    for (const [args, reason] of [
      [nobody, /COULD NOT RUN: nobody answers at http:\/\/127\.0\.0\.1:9/],
      [['--target', 'http://127.0.0.1:9', '--users', join(folder, 'none')], /COULD NOT RUN: .*none/],
      [['--rate', 'x'], /COULD NOT RUN: --rate/],
    ] as const) {
      const { code, stderr, result } = await loadtest(args);
      expect(stderr).toMatch(reason);
      expect([code, result]).toEqual([2, undefined]);
    }
    target = await targetDouble(() => 'whole');
    const broken = ['--k6', join(folder, 'users'), '--target', target.url, '--users', join(folder, 'users')];
    expect(await loadtest(broken)).toMatchObject({ code: 2, stderr: expect.stringMatching(/COULD NOT RUN/) as string });
  });
});

describe.skipIf(k6 === undefined)('the smoke scenario on a real platform', () => {
  let shop: TemporaryWorkspace;
  beforeAll(async () => {
    shop = await tinyShop();
  });
  afterEach(stopAll);
  afterAll(() => shop.remove());

  it("keeps its promises with the dataset's own users", async () => {
    const ports = await freePorts();
    await untilUp(startUp(shop, ports));
    const load = ['--scenario', 'smoke', '--target', `http://127.0.0.1:${ports.http}`, '--dataset', 'tiny'];
    const { code, result, stdout, stderr } = await loadtest(
      [...load, '--rate', '10', '--seconds', '3', ...PATIENT],
      shop.variables,
    );
    // A busy machine may answer without a profile; an error it has no excuse for.
    expect([stdout, stderr, result?.all.failed].join('\n')).toMatch(/\n0$/);
    expect([0, 99]).toContain(code);
    expect(result!.all.accepted).toBeGreaterThan(0);
    expect(result!.traffic).toContain('1 users of tiny');
    expect(result!.pod).toMatchObject({ release: expect.stringMatching(/^r-/) as string });
  });
});
