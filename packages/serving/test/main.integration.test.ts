import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BUILD_FEATURES } from '@shortlist/core/release/feature-schema.ts';
import { describeFile } from '@shortlist/core/release/read-release-file.ts';
import { ReleaseRegistry } from '@shortlist/core/release/registry.ts';
import { POISONED } from '../../core/test/release/poisoned-releases.ts';
import { buildTinyRelease, TINY_ITEMS, writeTinyRun } from '../../core/test/release/tiny-run.ts';
import { killChildren, startChild, untilReady } from './child-pod.ts';
import { oddRequests } from './odd-requests.ts';
import { errorOf, post } from './start-pod.ts';

const ODD_REQUESTS = 200;

/** Two real, tiny releases (towers and sources, no ranker), built once. */
let built: string;
let [first, second] = ['', ''];
/** A workspace of the test's own. */
let home: string;

const dataset = () => join(home, 'datasets/demo');
const registry = () =>
  new ReleaseRegistry({
    dataset: 'demo',
    releasesDir: join(dataset(), 'releases'),
    activePath: join(dataset(), 'active.json'),
  });
const manifestSha256 = async (id: string) =>
  (await describeFile(join(dataset(), 'releases', id), 'manifest.json')).sha256;
const start = (variables: Record<string, string> = {}) =>
  startChild('../src/main.ts', { SHORTLIST_HOME: home, ...variables });

beforeAll(async () => {
  built = await mkdtemp(join(tmpdir(), 'main-releases-'));
  for (const seed of [1, 2]) await writeTinyRun(join(built, `run-${seed}`), seed, BUILD_FEATURES);
  first = (await buildTinyRelease(join(built, 'run-1'), join(built, 'releases'), { features: BUILD_FEATURES })).id;
  second = (await buildTinyRelease(join(built, 'run-2'), join(built, 'releases'), { features: BUILD_FEATURES })).id;
});
afterAll(() => rm(built, { recursive: true }));

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'main-home-'));
  await cp(join(built, 'releases'), join(dataset(), 'releases'), { recursive: true });
});
afterEach(async () => {
  killChildren();
  await rm(home, { recursive: true });
});

interface Slate {
  readonly recommendations: { readonly item_id: string }[];
  readonly tier: string;
  readonly degraded: string[];
  readonly model_version: string;
}

describe('main.ts', () => {
  it('serves the active release, follows another one that is activated, and drains', async () => {
    await registry().activate(first);
    const pod = start();
    await untilReady(pod);
    const asked = { session_id: 's', context: { recent_items: ['item-1', 'item-2'] } };
    const slate = (await (await post(`${pod.url()}/recommend`, asked)).json()) as Slate;
    expect(slate.recommendations).toHaveLength(10);
    expect(slate).toMatchObject({ tier: 'session', model_version: first });

    const get = async (path: string): Promise<unknown> => (await fetch(`${pod.url()}${path}`)).json();
    expect(await get('/similar-products?product_id=item-1&k=2')).toMatchObject({
      items: [{}, {}],
      model_version: first,
    });
    expect(await get('/trending?k=3')).toMatchObject({ items: [0, 1, 2].map((row) => ({ item_id: `item-${row}` })) });
    expect(await get('/products?category=games&min_price=10&max_price=19')).toMatchObject({ total: 5 });
    expect(await errorOf(await fetch(`${pod.url()}/similar-products?product_id=nothing`))).toMatchObject({
      code: 'item_not_found',
    });

    await registry().activate(second);
    await expect
      .poll(async () => ((await (await post(`${pod.url()}/recommend`, asked)).json()) as Slate).model_version, {
        timeout: 20_000,
      })
      .toBe(second);

    pod.process.kill('SIGTERM');
    expect(await pod.ended).toBe(0);
    expect(pod.lines.at(-1)).toMatchObject({ msg: 'stopped', cut_off: 0 });
  });

  it('answers every odd request that the schema allows, with distinct items that were not excluded', async () => {
    await registry().activate(first);
    const pod = start({ SHORTLIST_DEADLINE_MS: '60000' });
    await untilReady(pod);
    await fc.assert(
      fc.asyncProperty(oddRequests(TINY_ITEMS), async (request) => {
        const response = await post(`${pod.url()}/recommend`, request);
        const text = await response.text();
        expect(response.status, text).toBe(200);
        const slate = JSON.parse(text) as Slate;
        const ids = slate.recommendations.map(({ item_id: id }) => id);
        expect(ids.length).toBeLessThanOrEqual(request.num_items);
        expect(new Set(ids).size).toBe(ids.length);
        const excluded = new Set(request.context?.exclude);
        expect(ids.filter((id) => excluded.has(id))).toEqual([]);
      }),
      { numRuns: ODD_REQUESTS },
    );
  });

  it.each([
    ['uws', 'one flipped bit in items.arrow'],
    ['node', 'one flipped bit in items.arrow'],
    ['uws', 'a user tower of another width'],
    ['node', 'a user tower of another width'],
  ])('over %s: refuses a release with %s on request, says which file, and serves on', async (httpServer, damage) => {
    const { code, file, spoil } = POISONED.find(({ name }) => name === damage)!;
    await registry().activate(first);
    const pod = start({ SHORTLIST_HTTP_SERVER: httpServer });
    await untilReady(pod);
    await spoil(join(dataset(), 'releases', second));
    const refused = await post(`${pod.adminUrl()}/reload-model?release=${second}`, '');
    expect(refused.status).toBe(422);
    expect(await errorOf(refused)).toMatchObject({ code, details: { file } });
    expect(await (await fetch(`${pod.url()}/status`)).json()).toMatchObject({
      ready: true,
      release: { active: first, last_refusal: { release: second, reason: expect.stringContaining(file) as string } },
    });
    expect((await fetch(`${pod.url()}/recommendations?session_id=s`)).status).toBe(200);
  });

  it('serves the release that its configuration names, and prepares another without serving it', async () => {
    await registry().activate(second);
    const pod = start({
      SHORTLIST_RELEASE: first,
      SHORTLIST_RELEASE_MANIFEST_SHA256: await manifestSha256(first),
    });
    await untilReady(pod);
    const releases = async (): Promise<unknown> => (await fetch(`${pod.adminUrl()}/admin/release`)).json();
    const pinned = { release: first, manifest_sha256: await manifestSha256(first) };
    expect(await releases()).toEqual({ active: first, previous: null, last_refusal: null, pinned, prepared: null });

    const ask = `${pod.adminUrl()}/admin/release/prepared?release=${second}&manifest_sha256=`;
    expect((await fetch(ask + '0'.repeat(64), { method: 'PUT' })).status).toBe(202);
    await expect.poll(releases, { timeout: 20_000 }).toMatchObject({
      active: first,
      prepared: { state: 'refused', reason: expect.stringContaining('manifest.json') },
    });
    await fetch(ask + (await manifestSha256(second)), { method: 'PUT' });
    await expect.poll(releases, { timeout: 20_000 }).toMatchObject({ active: first, prepared: { state: 'loaded' } });
    expect((await post(`${pod.adminUrl()}/reload-model?release=${second}`, '')).status).toBe(200);
    expect(await releases()).toMatchObject({ active: second, previous: first });
    expect((await post(`${pod.adminUrl()}/reload-model`, '')).status).toBe(200);
    expect(await (await fetch(`${pod.adminUrl()}/admin/release/prepared`, { method: 'DELETE' })).json()).toMatchObject({
      active: first,
      prepared: null,
    });
  });

  it('does not start with another content than its configuration names', async () => {
    await registry().activate(second);
    const pod = start({ SHORTLIST_RELEASE: first, SHORTLIST_RELEASE_MANIFEST_SHA256: '0'.repeat(64) });
    expect(await pod.ended).not.toBe(0);
    expect(pod.lines.find(({ code }) => code === 'release_digest_mismatch')).toMatchObject({
      details: { file: 'manifest.json', expected: `sha256 ${'0'.repeat(64)}` },
    });
    const unnamed = start({ SHORTLIST_RELEASE_MANIFEST_SHA256: '0'.repeat(64) });
    expect(await unnamed.ended).not.toBe(0);
    expect(unnamed.lines.find(({ code }) => code === 'config_invalid')).toBeDefined();
  });

  it('serves without profiles while PostgreSQL is down, and says so', async () => {
    await registry().activate(first);
    const pod = start({ DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' });
    await untilReady(pod);
    const slate = (await (await post(`${pod.url()}/recommend`, { user_id: 'u' })).json()) as Slate;
    expect(slate.recommendations).toHaveLength(10);
    expect(slate.degraded).toContain('profile');
    expect(slate.tier).not.toBe('personalized');
    // The log is written in blocks, at the latest after a second.
    await expect.poll(() => pod.lines.some(({ msg }) => msg === 'served without'), { timeout: 10_000 }).toBe(true);
    expect(pod.lines.find(({ code }) => code === 'database_unreachable')).toMatchObject({ details: { port: '1' } });
  });

  it('ends with 2 and release_none_active when nothing is active', async () => {
    const pod = start();
    expect(await pod.ended).toBe(2);
    expect(pod.lines.find(({ code }) => code === 'release_none_active')).toMatchObject({ level: 60 });
  });

  it('ends with 2 and names the rules file and line when the rules are wrong', async () => {
    await registry().activate(first);
    const file = join(home, 'rules.yaml');
    await writeFile(file, 'rules:\n  - name: x\n    boosst: {}\n');
    const pod = start({ SHORTLIST_RULES_FILE: file });
    expect(await pod.ended).toBe(2);
    expect(pod.lines.find(({ code }) => code === 'rules_invalid')).toMatchObject({ details: { file } });
  });

  it('ends with 2 and names the variable when the configuration is wrong', async () => {
    const pod = start({ SHORTLIST_HTTP_PORT: 'eighty' });
    expect(await pod.ended).toBe(2);
    expect(pod.stderr()).toMatch(/^error config_invalid: Configuration SHORTLIST_HTTP_PORT is invalid/);
  });

  it.each(['uws', 'node'])('over %s: takes headers of 12 KB, and names a parameter of 10 kB', async (httpServer) => {
    await registry().activate(first);
    const pod = start({ SHORTLIST_HTTP_SERVER: httpServer });
    await untilReady(pod);
    const cookie = 'x'.repeat(12_000);
    expect((await fetch(`${pod.url()}/ping`, { headers: { cookie } })).status).toBe(200);
    const long = 'x'.repeat(10_240);
    for (const [path, field] of [
      [`/recommendations?user_id=${long}`, 'user_id'],
      [`/similar-products?product_id=${long}`, 'product_id'],
      [`/trending?category=${long}`, 'category'],
    ] as const) {
      const refused = await fetch(`${pod.url()}${path}`);
      expect(refused.status).toBe(400);
      expect(await errorOf(refused)).toMatchObject({ code: 'field_invalid', details: { field } });
    }
  });
});
