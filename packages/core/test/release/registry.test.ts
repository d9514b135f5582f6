import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serializeManifest } from '../../src/release/manifest.ts';
import { ReleaseRegistry } from '../../src/release/registry.ts';
import { manifestContent } from './manifest-content.ts';

let folder: string;
let registry: ReleaseRegistry;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'registry-'));
  registry = new ReleaseRegistry({
    dataset: 'demo',
    releasesDir: join(folder, 'releases'),
    activePath: join(folder, 'active.json'),
    now: () => new Date('2026-11-21T05:00:00Z'),
  });
});
afterEach(() => rm(folder, { recursive: true }));

async function addRelease(createdAt: string): Promise<string> {
  const { id, text } = serializeManifest(manifestContent({ createdAt }));
  await mkdir(join(folder, 'releases', id), { recursive: true });
  await writeFile(join(folder, 'releases', id, 'manifest.json'), text);
  return id;
}

describe('the registry', () => {
  it('is empty without a folder', async () => {
    expect(await registry.list()).toEqual([]);
    expect(await registry.pointer()).toBeNull();
    await expect(registry.requirePointer()).rejects.toMatchObject({ code: 'release_none_active' });
  });

  it('lists newest first and shows what it cannot read with the reason', async () => {
    const old = await addRelease('2026-11-20T05:00:00.000Z');
    const young = await addRelease('2026-11-21T05:00:00.000Z');
    await writeFile(join(folder, 'releases', old, 'manifest.json'), '{"id":');
    await mkdir(join(folder, 'releases', '.building-abc'));
    const entries = await registry.list();
    expect(entries.map((entry) => entry.id)).toEqual([young, old]);
    expect(entries[0]).toMatchObject({ manifest: { id: young }, problem: null });
    expect(entries[1]).toMatchObject({ manifest: null, problem: { code: 'release_manifest_invalid' } });
  });

  it('activates, remembers the predecessor and rolls back and forth', async () => {
    const [a, b] = [await addRelease('2026-11-20T05:00:00.000Z'), await addRelease('2026-11-21T05:00:00.000Z')];
    await registry.activate(a);
    expect(await registry.activate(b)).toEqual({ active: b, previous: a, changedAt: '2026-11-21T05:00:00.000Z' });
    expect(await registry.activate(b)).toMatchObject({ active: b, previous: a });
    expect(await registry.rollback()).toMatchObject({ active: a, previous: b });
    expect(await registry.rollback()).toMatchObject({ active: b, previous: a });
    expect(await registry.pointer()).toMatchObject({ active: b, previous: a });
  });

  it('removes all but the newest, what serves and what served before', async () => {
    const ids: string[] = [];
    for (const day of [11, 12, 13, 14, 15, 16]) ids.push(await addRelease(`2026-11-${day}T05:00:00.000Z`));
    const [first, second, third, fourth, fifth, sixth] = ids as [string, string, string, string, string, string];
    await registry.activate(second);
    await registry.activate(first);
    // Of a call that was killed.
    await mkdir(join(folder, 'releases', `.removed-${third}`));
    expect(await registry.outdated(2)).toEqual([fourth, third]);
    expect(await registry.ids()).toHaveLength(6);
    await rm(join(folder, 'releases', third), { recursive: true });
    expect(await registry.prune(2)).toEqual([fourth]);
    expect(await readdir(join(folder, 'releases'))).toEqual([first, second, fifth, sixth]);
    expect(await registry.prune(2)).toEqual([]);
  });

  it('removes nothing when it cannot know what serves', async () => {
    const ids = [await addRelease('2026-11-20T05:00:00.000Z'), await addRelease('2026-11-21T05:00:00.000Z')];
    await writeFile(join(folder, 'active.json'), '{"active":');
    await expect(registry.prune(1)).rejects.toMatchObject({ code: 'release_manifest_invalid' });
    expect((await registry.ids()).sort()).toEqual(ids.sort());
  });

  it('refuses to activate or roll back to what is not there', async () => {
    const a = await addRelease('2026-11-20T05:00:00.000Z');
    for (const id of ['r-202611200500-00000000', '../../etc', ''])
      await expect(registry.activate(id)).rejects.toMatchObject({ code: 'release_not_found' });
    await registry.activate(a);
    await expect(registry.rollback()).rejects.toMatchObject({ code: 'release_no_previous' });
    const b = await addRelease('2026-11-21T05:00:00.000Z');
    await registry.activate(b);
    await rm(join(folder, 'releases', a), { recursive: true });
    await expect(registry.rollback()).rejects.toMatchObject({ code: 'release_not_found', details: { release: a } });
    expect(await registry.pointer()).toMatchObject({ active: b });
  });

  it.each(['', '{', '[]', '{"active":"../x","previous":null,"changedAt":""}', '{"active":3}'])(
    'refuses the damaged pointer %s, and activating mends it',
    async (text) => {
      const a = await addRelease('2026-11-20T05:00:00.000Z');
      await writeFile(join(folder, 'active.json'), text);
      await expect(registry.pointer()).rejects.toMatchObject({
        code: 'release_manifest_invalid',
        details: { file: 'active.json' },
      });
      await registry.activate(a);
      expect(await registry.pointer()).toMatchObject({ active: a, previous: null });
    },
  );

  it('refuses a manifest that lies in the folder of another release', async () => {
    const a = await addRelease('2026-11-20T05:00:00.000Z');
    const other = 'r-202611200501-0123abcd';
    await mkdir(join(folder, 'releases', other));
    const text = await readFile(join(folder, 'releases', a, 'manifest.json'));
    await writeFile(join(folder, 'releases', other, 'manifest.json'), text);
    await expect(registry.manifest(other)).rejects.toMatchObject({
      code: 'release_manifest_invalid',
      details: { field: 'id' },
    });
  });

  it('shows a reader the old pointer or the new one, never a part, and leaves no temporary file', async () => {
    const ids = [await addRelease('2026-11-20T05:00:00.000Z'), await addRelease('2026-11-21T05:00:00.000Z')];
    await registry.activate(ids[0]!);
    let writing = true;
    const reading = (async () => {
      let reads = 0;
      while (writing) {
        expect(ids).toContain((await registry.requirePointer()).active);
        reads += 1;
      }
      return reads;
    })();
    for (let i = 0; i < 40; i++) await registry.rollback().catch(() => registry.activate(ids[1]!));
    writing = false;
    expect(await reading).toBeGreaterThan(0);
    expect((await readdir(folder)).sort()).toEqual(['active.json', 'releases']);
  });
});
