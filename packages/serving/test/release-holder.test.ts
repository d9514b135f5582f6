import { cp, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadRelease } from '@shortlist/core/release/load-release.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import { describeFile } from '@shortlist/core/release/read-release-file.ts';
import { ReleaseRegistry } from '@shortlist/core/release/registry.ts';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import { ReleaseHolder } from '@shortlist/serving/release-holder.ts';
import { POISONED } from '../../core/test/release/poisoned-releases.ts';
import { batchOf, randomProfile, randomRequest } from '../../core/test/release/tiny-models.ts';
import { buildTinyRelease, TINY_FEATURES, TINY_ITEMS, writeTinyRun } from '../../core/test/release/tiny-run.ts';

const load = (dir: string, manifestSha256 = '') => loadRelease(dir, { features: TINY_FEATURES, manifestSha256 });
/** As a pristine copy is kept in `templates`, every test has releases of its own to spoil. */
let templates: string;
let folder: string;
let registry: ReleaseRegistry;
let a: string;
let b: string;
let c: string;

beforeAll(async () => {
  templates = await mkdtemp(join(tmpdir(), 'holder-templates-'));
  for (const seed of [1, 2, 3]) await writeTinyRun(join(templates, `run-${seed}`), seed);
  a = (await buildTinyRelease(join(templates, 'run-1'), join(templates, 'releases'))).id;
  b = (await buildTinyRelease(join(templates, 'run-2'), join(templates, 'releases'))).id;
  c = (await buildTinyRelease(join(templates, 'run-3'), join(templates, 'releases'))).id;
});
afterAll(() => rm(templates, { recursive: true }));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holder-'));
  await cp(join(templates, 'releases'), join(folder, 'releases'), { recursive: true });
  registry = new ReleaseRegistry({
    dataset: 'tiny',
    releasesDir: join(folder, 'releases'),
    activePath: join(folder, 'active.json'),
  });
});
afterEach(() => rm(folder, { recursive: true }));

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

const namedOf = async (id: string) => {
  const { sha256 } = await describeFile(join(folder, 'releases', id), 'manifest.json');
  return { release: id, manifest_sha256: sha256 };
};
const request = () => batchOf([randomRequest(TINY_ITEMS, 20, seededRandom(9))]);
const scores = async (release: LoadedRelease) => [...(await release.ranker!.int8.run(request()))];

describe('the release holder', () => {
  it('is not ready without an active release, and says why', async () => {
    const holder = new ReleaseHolder({ registry, load });
    expect(holder.ready).toBe(false);
    expect(() => holder.current).toThrowError(expect.objectContaining({ code: 'not_ready' }));
    await expect(holder.reload()).rejects.toMatchObject({ code: 'release_none_active' });
    expect(holder.status()).toMatchObject({ active: null, last_refusal: { release: 'active.json' } });
  });

  it('swaps to the activated release and keeps the predecessor, which comes back without being loaded', async () => {
    let loads = 0;
    const swaps: (string | null)[][] = [];
    const holder = new ReleaseHolder({
      registry,
      load: (dir) => ((loads += 1), load(dir)),
      onSwap: (next, previous) => swaps.push([next.id, previous?.id ?? null]),
    });
    await registry.activate(a);
    expect(await holder.reload()).toEqual({ active: a, previous: null, last_refusal: null });
    await registry.activate(b);
    expect(await holder.reload()).toEqual({ active: b, previous: a, last_refusal: null });
    await registry.rollback();
    expect(await holder.reload()).toMatchObject({ active: a, previous: b });
    expect(await holder.reload()).toMatchObject({ active: a, previous: b });
    expect(await holder.reload(b)).toMatchObject({ active: b, previous: a });
    expect([loads, swaps]).toEqual([
      2,
      [
        [a, null],
        [b, a],
        [a, b],
        [b, a],
      ],
    ]);
    await holder.close();
  });

  it.each(POISONED.map((poison) => [poison.name, poison] as const))(
    'serves on with the old release after %s',
    async (_, poison) => {
      const refusals: string[] = [];
      const holder = new ReleaseHolder({ registry, load, onRefusal: ({ reason }) => refusals.push(reason) });
      await registry.activate(a);
      await holder.reload();
      const before = await scores(holder.current);
      await poison.spoil(join(folder, 'releases', b));
      await registry.activate(b);
      await expect(holder.reload()).rejects.toMatchObject({ code: poison.code });
      expect(holder.status()).toMatchObject({
        active: a,
        previous: null,
        last_refusal: { release: b, reason: expect.stringContaining(poison.code) as string },
      });
      expect(refusals).toHaveLength(1);
      expect(await scores(holder.current)).toEqual(before);
      await holder.close();
    },
  );

  it('starts with the predecessor when the active release is damaged, and says so', async () => {
    await registry.activate(a);
    await registry.activate(b);
    await rm(join(folder, 'releases', b, 'items.arrow'));
    const holder = new ReleaseHolder({ registry, load });
    await holder.reload();
    expect(holder.status()).toMatchObject({ active: a, previous: null, last_refusal: { release: b } });
    await rm(join(folder, 'releases', a, 'items.arrow'));
    await holder.close();
    const hopeless = new ReleaseHolder({ registry, load });
    await expect(hopeless.reload()).rejects.toMatchObject({ code: 'release_file_missing' });
    expect(hopeless.status()).toMatchObject({ active: null, last_refusal: { release: b } });
  });

  it('forgets the refusal once a sound release is in', async () => {
    const holder = new ReleaseHolder({ registry, load });
    await registry.activate(a);
    await holder.reload();
    await expect(holder.reload('r-202611210500-00000000')).rejects.toMatchObject({ code: 'release_not_found' });
    expect(holder.status()).toMatchObject({ active: a, last_refusal: { release: 'r-202611210500-00000000' } });
    await holder.reload(b);
    expect(holder.status()).toEqual({ active: b, previous: a, last_refusal: null });
    await holder.close();
  });

  it('follows active.json, tries a refused release once, and goes on when the pointer is mended', async () => {
    let loads = 0;
    const holder = new ReleaseHolder({ registry, load: (dir) => ((loads += 1), load(dir)), pollMs: 2 });
    await registry.activate(a);
    await holder.reload();
    holder.watch();
    const spoiled = join(folder, 'releases', b, 'item-vectors.f32');
    await rename(spoiled, `${spoiled}.away`);
    await registry.activate(b);
    await until(() => holder.status().last_refusal?.release === b);
    await delay(50);
    expect([loads, holder.status().active]).toEqual([2, a]);

    await writeFile(join(folder, 'active.json'), 'not a pointer');
    await until(() => holder.status().last_refusal?.release === 'active.json');
    await rename(`${spoiled}.away`, spoiled);
    await registry.activate(b);
    await until(() => holder.status().active === b);
    expect(holder.status()).toEqual({ active: b, previous: a, last_refusal: null });
    await holder.close();
  });

  it('keeps what was loaded by hand until the pointer changes', async () => {
    const holder = new ReleaseHolder({ registry, load, pollMs: 2 });
    await registry.activate(a);
    await holder.reload();
    holder.watch();
    await holder.reload(b);
    await delay(50);
    expect(holder.status().active).toBe(b);
    await holder.close();
  });

  it('closes what was swapped out twice, after the grace time and not before; the rest at the end', async () => {
    const closed: string[] = [];
    const holder = new ReleaseHolder({
      registry,
      graceMs: 30,
      load: async (dir) => {
        const release = await load(dir);
        return { ...release, close: () => (closed.push(release.id), release.close()) };
      },
    });
    for (const id of [a, b, a, b]) await holder.reload(id);
    await delay(60);
    expect(closed).toEqual([]);
    await holder.reload(c);
    expect(closed).toEqual([]);
    await until(() => closed.length > 0);
    expect(closed).toEqual([a]);
    await holder.reload(a);
    await holder.close();
    expect(closed).toEqual([a, b, a, c]);
  });

  it('holds releases beside the current one, loads none twice, and lets go of what nobody names any more', async () => {
    const closed: string[] = [];
    let loads = 0;
    const holder = new ReleaseHolder({
      registry,
      graceMs: 1,
      load: async (dir) => {
        loads += 1;
        const release = await load(dir);
        return { ...release, close: () => (closed.push(release.id), release.close()) };
      },
    });
    await holder.reload(a);
    expect(holder.loaded(b)).toBeNull();
    await holder.hold([b, a, c]);
    expect([a, b, c].map((id) => holder.loaded(id)?.id)).toEqual([a, b, c]);
    expect(loads).toBe(3);
    // What is promoted was loaded already; what it replaced is previous, then held, since it is still named.
    const heldC = holder.loaded(c);
    await holder.reload(c);
    expect(holder.current).toBe(heldC);
    await holder.reload(b);
    expect(holder.loaded(a)?.id).toBe(a);
    expect(loads).toBe(3);
    await holder.hold([]);
    await until(() => closed.length > 0);
    expect(closed).toEqual([a]);
    expect(holder.loaded(a)).toBeNull();
    await holder.close();
    expect(closed.sort()).toEqual([a, b, c].sort());
  });

  it('says when its release was chosen: by the pointer, or by hand since', async () => {
    const holder = new ReleaseHolder({ registry, load, clockOffsetS: -1_000 });
    const { changedAt } = await registry.activate(a);
    await delay(20);
    await holder.reload();
    expect(holder.chosenAtS).toBeCloseTo(Date.parse(changedAt) / 1000 - 1_000, 6);
    await holder.reload(b);
    expect(holder.chosenAtS).toBeGreaterThan(Date.parse(changedAt) / 1000 - 1_000 + 0.019);
    await holder.close();
  });

  it('holds no more than it may, and says of each release why it is not loaded', async () => {
    const refusals: string[] = [];
    const holder = new ReleaseHolder({
      registry,
      load,
      heldMax: 2,
      onRefusal: ({ release }) => refusals.push(release),
    });
    await holder.reload(a);
    await rm(join(folder, 'releases', b, 'items.arrow'));
    await holder.hold([b, 'r-202611210500-00000000', c]);
    expect(holder.heldStatus()).toEqual([
      { release: b, loaded: false, reason: expect.stringContaining('release_file_missing') as string },
      { release: 'r-202611210500-00000000', loaded: false, reason: expect.stringContaining('not_found') as string },
      { release: c, loaded: false, reason: 'more than 2 releases are named' },
    ]);
    expect(refusals).toEqual([b, 'r-202611210500-00000000']);
    expect(holder.status()).toMatchObject({ active: a, last_refusal: null });
    await holder.close();
  });

  it('takes back a release that is about to be closed, rather than load it a second time', async () => {
    const loaded: string[] = [];
    const closed: string[] = [];
    const holder = new ReleaseHolder({
      registry,
      load: async (dir) => {
        const release = await load(dir);
        loaded.push(release.id);
        return { ...release, close: () => (closed.push(release.id), release.close()) };
      },
    });
    for (const id of [a, b, c, a]) await holder.reload(id);
    expect(loaded).toEqual([a, b, c]);
    expect(holder.current.id).toBe(a);
    expect(closed).toEqual([]);
    await holder.close();
    expect([...closed].sort()).toEqual([a, b, c].sort());
  });

  describe('with a release that is prepared', () => {
    it('loads it beside the current one, and swaps to it without loading it again', async () => {
      let loads = 0;
      const holder = new ReleaseHolder({ registry, load: (dir, sha256) => ((loads += 1), load(dir, sha256)) });
      await holder.reload(a);
      const named = await namedOf(b);
      expect(holder.prepared).toBeNull();
      expect(holder.prepare(named)).toEqual({ ...named, state: 'loading', reason: null });
      expect(holder.prepare(named).state).toBe('loading');
      await until(() => holder.prepared?.state === 'loaded');
      expect(holder.status()).toEqual({ active: a, previous: null, last_refusal: null });
      await holder.reload(b);
      expect([holder.current.id, loads]).toEqual([b, 2]);
      await holder.close();
    });

    it('refuses a damaged file, another manifest and an absent release with the reason; the old one serves on', async () => {
      const refusals: string[] = [];
      const holder = new ReleaseHolder({ registry, load, onRefusal: ({ reason }) => refusals.push(reason) });
      await holder.reload(a);
      await holder.hold([c]);
      await rename(join(folder, 'releases', b, 'items.arrow'), join(folder, 'releases', b, 'away'));
      for (const [named, reason] of [
        [await namedOf(b), 'release_file_missing'],
        [{ release: c, manifest_sha256: '0'.repeat(64) }, 'expected sha256 0000'],
        [{ release: 'r-202611210500-00000000', manifest_sha256: '0'.repeat(64) }, 'release_not_found'],
      ] as const) {
        holder.prepare(named);
        await until(() => holder.prepared?.state !== 'loading');
        expect(holder.prepared).toEqual({ ...named, state: 'refused', reason: expect.stringContaining(reason) });
      }
      expect(refusals).toHaveLength(3);
      expect(holder.status()).toEqual({ active: a, previous: null, last_refusal: null });
      await holder.close();
    });

    it('lets go of it when it is discarded, or another one is asked for, but never of what serves', async () => {
      const closed: string[] = [];
      const holder = new ReleaseHolder({
        registry,
        graceMs: 1,
        load: async (dir, sha256) => {
          const release = await load(dir, sha256);
          return { ...release, close: () => (closed.push(release.id), release.close()) };
        },
      });
      await holder.reload(a);
      holder.prepare(await namedOf(b));
      await until(() => holder.prepared?.state === 'loaded');
      holder.prepare(await namedOf(c));
      await until(() => closed.length === 1);
      await holder.reload(c);
      holder.discard();
      expect(holder.prepared).toBeNull();
      await holder.hold([]);
      expect([holder.current.id, closed]).toEqual([c, [b]]);
      await holder.close();
    });
  });

  describe('with a release that the configuration names', () => {
    it('serves it whatever active.json says, and goes back to it', async () => {
      const holder = new ReleaseHolder({ registry, load, pinned: await namedOf(a), pollMs: 2 });
      await registry.activate(b);
      await holder.reload();
      holder.watch();
      await delay(50);
      expect(holder.status()).toEqual({ active: a, previous: null, last_refusal: null });
      // No promotion of an experiment is later.
      expect(holder.chosenAtS).toBe(Infinity);
      await holder.reload(b);
      expect([holder.current.id, holder.chosenAtS]).toEqual([b, Infinity]);
      await holder.reload();
      expect(holder.status()).toMatchObject({ active: a, previous: b });
      await holder.close();
    });

    it('does not start with another content of the same name, nor with what served before', async () => {
      await registry.activate(b);
      await registry.activate(a);
      const pinned = { release: a, manifest_sha256: '0'.repeat(64) };
      const holder = new ReleaseHolder({ registry, load, pinned });
      await expect(holder.reload()).rejects.toMatchObject({ code: 'release_digest_mismatch' });
      expect(holder.status()).toMatchObject({ active: null, last_refusal: { release: a } });
    });
  });

  it('swaps 20 times under concurrent requests: none fails, and each is answered by one release alone', async () => {
    // Three releases in turn, and no grace: the one that comes is never still there, so each swap loads.
    const expected = new Map<string, number[]>();
    for (const id of [a, b, c]) {
      const release = await load(join(folder, 'releases', id));
      expected.set(id, await scores(release));
      await release.close();
    }
    expect(new Set([...expected.values()].map(String)).size).toBe(3);
    let loads = 0;
    const holder = new ReleaseHolder({ registry, load: (dir) => ((loads += 1), load(dir)), graceMs: 0 });
    await holder.reload(a);
    let swapping = true;
    let answers = 0;
    const rounds = new Array<number>(8).fill(0);
    const shopper = async (_: unknown, number: number) => {
      for (; swapping; rounds[number]! += 1) {
        const release = holder.current;
        await release.userTower!.run([randomProfile(TINY_ITEMS, 5, seededRandom(answers))], [1_700_000_000]);
        expect(await scores(release)).toEqual(expected.get(release.id));
        answers += 1;
        // A run of a model takes no turn of the event loop.
        await delay(0);
      }
    };
    const shoppers = Array.from({ length: 8 }, shopper);
    for (let swap = 0; swap < 20; swap++) {
      await holder.reload([b, c, a][swap % 3]);
      const before = [...rounds];
      // Nobody is left who began with the one before: two rounds, since the first may have begun with it.
      await until(() => rounds.every((round, number) => round >= before[number]! + 2));
    }
    swapping = false;
    await Promise.all(shoppers);
    expect(loads).toBe(21);
    await holder.close();
  });
});
