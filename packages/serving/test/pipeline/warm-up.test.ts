import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import type { RankerBatch } from '@shortlist/core/release/ranker.ts';
import { STAGES } from '../../src/pipeline.ts';
import { openTinyRelease, profilesOf, recommenderOf } from './tiny-serving.ts';
import { KeptRecords } from '../records/kept-records.ts';

let release: LoadedRelease;
beforeAll(async () => {
  release = await openTinyRelease();
});
afterAll(() => release.close());

/** The release with rankers that note how large their batches were. */
function watched(): { readonly release: LoadedRelease; readonly rows: Record<'fp32' | 'int8', number[]> } {
  const rows = { fp32: [] as number[], int8: [] as number[] };
  const watch = (precision: 'fp32' | 'int8') => ({
    run: (batch: RankerBatch) => {
      rows[precision].push(batch.requests);
      return release.ranker![precision].run(batch);
    },
  });
  const ranker = { fp32: watch('fp32'), int8: watch('int8') };
  return { release: { ...release, ranker } as unknown as LoadedRelease, rows };
}

describe('the warm-up', () => {
  it('runs every stage with requests of every kind before the recommender is ready', async () => {
    const { release: served, rows } = watched();
    const recommender = recommenderOf(served);
    expect(recommender.ready()).toEqual({ ready: false, reason: 'the release is being warmed up' });
    expect(recommender.status().warm_stages).toEqual([]);
    await recommender.warmUp(served);
    expect(recommender.status().warm_stages).toEqual(STAGES.map(({ name }) => name));
    expect(recommender.ready()).toEqual({ ready: true });
    for (const precision of ['int8', 'fp32'] as const) {
      expect(rows[precision]).toContain(1);
      expect(Math.max(...rows[precision])).toBeGreaterThan(2);
    }
  });

  it('leaves no trace: no stored profile is read, no slate recorded, nothing counted, and answers stay the same', async () => {
    const profiles = profilesOf({ ann: [{ item: 'item-4', type: 'purchase', ago: 3000 }] });
    const kept = new KeptRecords();
    const recommender = recommenderOf(release, { profiles, records: kept.options });
    const request = { user_id: 'ann', num_items: 10 };
    const before = await recommenderOf(release, { profiles }).recommend(request, 'r');
    profiles.reads = 0;
    await recommender.warmUp(release);
    expect(profiles.reads).toBe(0);
    expect(recommender.status()).toMatchObject({ failures_survived: 0, topped_up: 0, batching: { batches: 0 } });
    const { recommendations } = await recommender.recommend(request, 'r');
    expect(recommendations).toEqual(before.recommendations);
    await recommender.close();
    expect(kept.records).toHaveLength(1);
  });

  it('is asked of every release: another one that takes over is not ready before its own', async () => {
    const releases = { current: release };
    const recommender = recommenderOf(release, { releases });
    await recommender.warmUp(release);
    const next = { ...release, id: 'next' };
    await recommender.warmUp(next);
    releases.current = next;
    expect(recommender.ready().ready).toBe(true);
    releases.current = { ...release, id: 'unheard of' };
    expect(recommender.ready().ready).toBe(false);
  });

  it('refuses a release with which no request can be answered', async () => {
    const broken = { ...release, catalog: { ...release.catalog, itemIds: release.catalog.itemIds } };
    await expect(recommenderOf(release).warmUp(broken as unknown as LoadedRelease)).rejects.toThrow();
  });

  it('works with a release that has no ranker, no towers and one source', async () => {
    const parameters = { ...release.parameters, precision: 'none' as const };
    const sources = release.sources.filter(({ name }) => name === 'popular');
    const towers = { userTower: null, itemVectors: null, vectorIndex: null };
    const bare: LoadedRelease = { ...release, ...towers, ranker: null, parameters, sources };
    const recommender = recommenderOf(bare);
    await recommender.warmUp(bare);
    expect(recommender.status().warm_stages).toEqual(STAGES.map(({ name }) => name));
  });
});
