import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSnapshot } from '@shortlist/core/assignment/seal-snapshot.ts';
import { MemoryAssignmentSnapshots } from '@shortlist/core/stores/memory/assignment-snapshots.ts';
import { AssignmentBook } from '@shortlist/serving/experiments/assignment-book.ts';
import { SnapshotWatch, type SnapshotWatchOptions } from '@shortlist/serving/experiments/snapshot-watch.ts';
import { experimentOf, layerOf, NOW_S, snapshotOf } from '../../../core/test/assignment/snapshots.ts';

const snapshot = (version: number, name = 'e') => snapshotOf([layerOf('l', [experimentOf(name)])], { version });
const text = (version: number, name?: string) => JSON.stringify(snapshot(version, name));
const nowMs = () => NOW_S * 1000;
const assigned = (book: AssignmentBook) =>
  book.assign({ userId: 'ann', nowS: NOW_S }).map(({ enrolment }) => [enrolment.experiment, enrolment.version]);

describe('the assignment book', () => {
  it('assigns nobody before it has a snapshot, and by the newest from then on', () => {
    const book = new AssignmentBook({ unitsMax: 10, nowMs });
    expect(assigned(book)).toEqual([]);
    expect(book.status()).toEqual({
      version: null,
      lineage: null,
      source: 'none',
      published_at: null,
      age_s: null,
      experiments: [],
      last_refusal: null,
    });
    expect(book.offer(text(1, 'first'), 'redis')).toBe('taken');
    expect(book.offer(text(3, 'third'), 'redis')).toBe('taken');
    expect(assigned(book)).toEqual([['third', 1]]);
    expect(book.status()).toMatchObject({ version: 3, source: 'redis', age_s: 0, experiments: ['third'] });
  });

  it.each([
    ['cut off', text(2).slice(0, 300), 'snapshot_damaged'],
    ['older', text(0), 'snapshot_invalid'],
    ['of the same version, but another', text(1, 'other'), 'snapshot_invalid'],
    ['senseless', JSON.stringify(snapshotOf([layerOf('l', []), layerOf('l', [])], { version: 2 })), 'snapshot_invalid'],
  ])('keeps what it has when the next one is %s, and says why', (_, offered, code) => {
    let ms = nowMs();
    const book = new AssignmentBook({ unitsMax: 10, nowMs: () => ms });
    book.offer(text(1), 'redis');
    ms += 7_000;
    expect(book.offer(offered, 'redis')).toBe('refused');
    expect(book.offer(offered, 'redis')).toBe('known');
    expect(assigned(book)).toEqual([['e', 1]]);
    const reason = expect.stringContaining(code) as string;
    expect(book.status()).toMatchObject({ version: 1, age_s: 7, last_refusal: { source: 'redis', reason } });
    expect(book.offer(text(1), 'redis')).toBe('same');
    expect(book.status()).toMatchObject({ version: 1, age_s: 0 });
    expect(book.offer(text(5), 'redis')).toBe('taken');
    expect(book.status().last_refusal).toBeNull();
  });
});

describe('a database that was made anew', () => {
  const of = (lineage: string, version: number, name: string) =>
    JSON.stringify(snapshotOf([layerOf('l', [experimentOf(name)])], { lineage, version }));

  it('counts its versions from 1 again, and is obeyed all the same; its own older ones are not', () => {
    const book = new AssignmentBook({ unitsMax: 10, nowMs });
    book.offer(of('first', 7, 'old'), 'disk');
    expect(book.offer(of('second', 1, 'new'), 'redis')).toBe('taken');
    expect(book.status()).toMatchObject({ lineage: 'second', version: 1, experiments: ['new'], last_refusal: null });
    expect(book.offer(of('second', 3, 'newer'), 'redis')).toBe('taken');
    expect(book.offer(of('second', 2, 'new'), 'redis')).toBe('refused');
    expect(book.status()).toMatchObject({ version: 3, experiments: ['newer'] });
  });

  it('does not give way to what the pod itself had kept', () => {
    const book = new AssignmentBook({ unitsMax: 10, nowMs });
    book.offer(of('second', 1, 'new'), 'redis');
    expect(book.offer(of('first', 1, 'old'), 'disk')).toBe('refused');
    expect(book.status().experiments).toEqual(['new']);
  });

  it('is told of by the watch, once', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lineage-'));
    const store = new MemoryAssignmentSnapshots();
    const keptFile = join(folder, 'kept.json');
    await writeFile(keptFile, of('first', 7, 'old'));
    const replaced: (string | null)[] = [];
    const watch = new SnapshotWatch({
      ...{ book: new AssignmentBook({ unitsMax: 10, nowMs }), from: { store }, keptFile, pollMs: 60_000 },
      onTaken: (lineage) => replaced.push(lineage),
      onFailure: (what, error) => expect.fail(`${what}: ${String(error)}`),
    });
    await store.publish(snapshotOf([layerOf('l', [experimentOf('new')])], { lineage: 'second', version: 1 }));
    await watch.start();
    await expect.poll(() => replaced).toEqual([null, 'first']);
    await store.publish(snapshotOf([layerOf('l', [experimentOf('newer')])], { lineage: 'second', version: 2 }));
    await expect.poll(() => replaced).toEqual([null, 'first', null]);
    await watch.close();
    await rm(folder, { recursive: true });
  });
});

describe('the watch for snapshots', () => {
  let folder: string;
  const watches: SnapshotWatch[] = [];
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'snapshots-'))));
  afterEach(async () => {
    for (const watch of watches.splice(0)) await watch.close();
    await rm(folder, { recursive: true });
  });
  const keptFile = () => join(folder, 'kept/assignment-snapshot.json');

  async function started(from: SnapshotWatchOptions['from'], failures: string[] = []): Promise<AssignmentBook> {
    const book = new AssignmentBook({ unitsMax: 10, nowMs });
    const onFailure = (what: string, error: unknown) => failures.push(`${what}: ${(error as Error).message}`);
    const watch = new SnapshotWatch({
      book,
      from,
      keptFile: keptFile(),
      pollMs: 5,
      onTaken: () => undefined,
      onFailure,
    });
    watches.push(watch);
    await watch.start();
    return book;
  }

  it('follows the store by its notices, and keeps the newest on disk', async () => {
    const store = new MemoryAssignmentSnapshots();
    await store.publish(snapshot(1));
    const book = await started({ store });
    expect(book.status()).toMatchObject({ version: 1, source: 'redis' });
    await store.publish(snapshot(2));
    await expect.poll(() => book.status().version).toBe(2);
    await expect.poll(async () => openSnapshot(await readFile(keptFile(), 'utf8')).version).toBe(2);
  });

  it('starts with what it kept when the store is away or empty, says since when, and never goes back', async () => {
    const store = new MemoryAssignmentSnapshots();
    await store.publish(snapshot(4));
    await started({ store });
    const failures: string[] = [];
    const away = { read: () => Promise.reject(new Error('gone')), subscribe: store.subscribe.bind(store) };
    const without = await started({ store: away }, failures);
    expect(without.status()).toMatchObject({ version: 4, source: 'disk', age_s: 5 });
    expect(failures).toEqual(['assignment snapshot: gone']);
    const emptied = new MemoryAssignmentSnapshots();
    const book = await started({ store: emptied });
    expect(book.status()).toMatchObject({ version: 4, source: 'disk' });
    await emptied.publish(snapshot(3));
    await expect.poll(() => book.status().last_refusal?.reason).toContain('is not newer than 4');
    expect(book.status().version).toBe(4);
    await emptied.publish(snapshot(4));
    await expect.poll(() => book.status().source).toBe('redis');
  });

  it('starts without what it kept when that is damaged, and says so', async () => {
    const store = new MemoryAssignmentSnapshots();
    await store.publish(snapshot(4));
    await started({ store });
    await writeFile(keptFile(), text(4).slice(0, 200));
    const failures: string[] = [];
    const book = await started({ store: new MemoryAssignmentSnapshots() }, failures);
    expect(book.status()).toMatchObject({ version: null, last_refusal: { source: 'disk' } });
    expect(failures).toEqual([expect.stringContaining('snapshot_damaged')]);
  });

  it('follows a file, and keeps what was there when it is cut off or goes away', async () => {
    const file = join(folder, 'snapshot.json');
    const book = await started({ file });
    expect(book.status().source).toBe('none');
    await writeFile(file, text(1));
    await expect.poll(() => book.status()).toMatchObject({ version: 1, source: 'file' });
    await writeFile(file, text(2).slice(0, -10));
    await expect.poll(() => book.status().last_refusal).toMatchObject({ source: 'file' });
    expect(book.status().version).toBe(1);
    await rm(file);
    await writeFile(file, text(3));
    await expect.poll(() => book.status()).toMatchObject({ version: 3, last_refusal: null });
  });
});
