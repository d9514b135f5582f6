import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bucketOf } from '@shortlist/core/assignment/bucket.ts';
import type { SnapshotContent } from '@shortlist/core/assignment/seal-snapshot.ts';
import type { SnapshotExperiment, SnapshotLayer } from '@shortlist/core/contracts/assignment-snapshot.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import { memoryFastStores } from '@shortlist/core/stores/memory/fast-stores.ts';
import { AssignmentBook } from '@shortlist/serving/experiments/assignment-book.ts';
import { Variants } from '@shortlist/serving/experiments/variants.ts';
import { experimentOf, layerOf, snapshotOf, variantsOf } from '../../../core/test/assignment/snapshots.ts';
import { NOW_S, openTinyRelease, profilesOf, recommenderOf } from '../pipeline/tiny-serving.ts';

let first: LoadedRelease;
let second: LoadedRelease;
beforeAll(async () => {
  first = await openTinyRelease(1);
  second = await openTinyRelease(2);
});
afterAll(async () => {
  await first.close();
  await second.close();
});

const STARTS = { startsAtS: NOW_S - 10 };
/** 90 % control, 10 % of what `changes` says. */
const ninetyTen = (name: string, changes: Partial<SnapshotExperiment['variants'][number]>): SnapshotExperiment => {
  const [control, treatment] = variantsOf([900_000, 100_000]);
  return experimentOf(name, { ...STARTS, variants: [control!, { ...treatment!, ...changes }] });
};
function bookOf(layers: SnapshotLayer[], changes: Partial<SnapshotContent> = {}): AssignmentBook {
  const book = new AssignmentBook({ unitsMax: 1_000 });
  expect(book.offer(JSON.stringify(snapshotOf(layers, changes)), 'redis')).toBe('taken');
  return book;
}
const isTreated = (user: string, salt: string) => bucketOf('variant', salt, user) >= 900_000;
const USERS = Array.from({ length: 200 }, (_, user) => `user-${user}`);
const treated = () => USERS.find((user) => isTreated(user, 'e'))!;
const releasesOf = (...held: LoadedRelease[]) => ({
  current: first,
  loaded: (id: string) => [first, ...held].find((release) => release.id === id) ?? null,
});

describe('a 90/10 split of two releases', () => {
  it('answers every user from the release of their variant, also when they share a batch, and says which', async () => {
    const assignments = bookOf([layerOf('l', [ninetyTen('e', { release: second.id })])]);
    const recommender = recommenderOf(first, { releases: releasesOf(second), assignments });
    const answers = await Promise.all(
      USERS.map((user) => recommender.recommend({ user_id: user, num_items: 5 }, user)),
    );
    let treatedCount = 0;
    USERS.forEach((user, i) => {
      const variant = isTreated(user, 'e') ? 'b' : 'a';
      treatedCount += variant === 'b' ? 1 : 0;
      expect(answers[i]).toMatchObject({
        model_version: variant === 'b' ? second.id : first.id,
        experiments: [{ experiment_id: 'e', variant }],
        experiment_id: 'e',
        variant,
      });
    });
    expect(treatedCount).toBeGreaterThan(8);
    expect(treatedCount).toBeLessThan(35);
    const anonymous = await recommender.recommend({ session_id: 's', num_items: 5 }, 'r');
    expect(anonymous).toMatchObject({ model_version: first.id, experiments: [], experiment_id: null, variant: null });
    expect((await recommender.trending(undefined, 3)).model_version).toBe(first.id);
    await recommender.close();
  });

  it('is answered by control while the release is not loaded, and the reason is recorded', () => {
    const book = bookOf([layerOf('l', [ninetyTen('e', { release: second.id, parameters: { candidatesMax: 40 } })])]);
    let held: LoadedRelease[] = [];
    const releases = { current: first, loaded: (id: string) => held.find((release) => release.id === id) ?? null };
    const variants = new Variants({ book, releases, parameters: undefined });
    const choose = () => variants.choose({ userId: treated(), nowS: NOW_S });
    expect(choose()).toMatchObject({
      release: { id: first.id },
      parameters: { candidatesMax: first.parameters.candidatesMax },
      enrolments: [{ assigned: 'b', served: 'a', reason: 'release_not_loaded' }],
    });
    held = [second];
    expect(choose()).toMatchObject({
      release: { id: second.id },
      parameters: { candidatesMax: 40 },
      enrolments: [{ assigned: 'b', served: 'b', reason: null }],
    });
  });
});

describe('kept slates', () => {
  it('are those of a variant: who changes sides gets another one', async () => {
    const withControl = (version: number, control: number) => {
      const [a, b] = variantsOf([control, 1_000_000 - control]);
      const experiment = experimentOf('e', { ...STARTS, version, variants: [a!, { ...b!, release: second.id }] });
      return JSON.stringify(snapshotOf([layerOf('l', [experiment])], { version }));
    };
    const assignments = new AssignmentBook({ unitsMax: 10 });
    assignments.offer(withControl(1, 0), 'redis');
    const recommender = recommenderOf(first, {
      releases: releasesOf(second),
      assignments,
      profiles: profilesOf({}),
      redis: { stores: memoryFastStores(), timeoutMs: 1_000, recommendTtlS: 60 },
    });
    const ask = async () => {
      const {
        model_version: release,
        variant,
        cached,
      } = await recommender.recommend({ user_id: 'ann', num_items: 5 }, 'r');
      return { release, variant, cached: cached ?? false };
    };
    expect(await ask()).toEqual({ release: second.id, variant: 'b', cached: false });
    await expect.poll(ask).toEqual({ release: second.id, variant: 'b', cached: true });
    assignments.offer(withControl(2, 1_000_000), 'redis');
    expect(await ask()).toEqual({ release: first.id, variant: 'a', cached: false });
    await recommender.close();
  });
});

describe('the parameters of a request', () => {
  it('are those of the release, what was promoted, and the variants of all its experiments, merged once', () => {
    const everybody = (name: string, parameters: Record<string, unknown>) => {
      const [control, treatment] = variantsOf([0, 1_000_000]);
      return experimentOf(name, { ...STARTS, variants: [control!, { ...treatment!, parameters }] });
    };
    const promotion = { experiment: 'old', variant: 'b', promotedAtS: NOW_S, release: null };
    const book = bookOf(
      [
        layerOf('one', [everybody('e', { diversity: { lambda: 0.9 } })]),
        layerOf('two', [everybody('f', { exploration: { slots: 2 } })], { unit: 'session' }),
      ],
      {
        promoted: [
          { ...promotion, parameters: { diversity: { lambda: 0.1, top: 40 } } },
          { ...promotion, parameters: { diversity: { top: 50 } } },
        ],
      },
    );
    const variants = new Variants({ book, releases: { current: first }, parameters: { candidatesMax: 77 } });
    const both = variants.choose({ userId: 'ann', sessionId: 'visit', nowS: NOW_S });
    expect(both.parameters).toMatchObject({
      precision: 'int8',
      candidatesMax: 77,
      diversity: { lambda: 0.9, top: 50 },
      exploration: { slots: 2 },
    });
    expect(variants.choose({ userId: 'bob', sessionId: 'other', nowS: NOW_S }).parameters).toBe(both.parameters);
    const session = variants.choose({ sessionId: 'visit', nowS: NOW_S });
    expect(session.parameters).toMatchObject({ diversity: { lambda: 0.1, top: 50 }, exploration: { slots: 2 } });
    expect(variants.choose({ nowS: NOW_S }).parameters.exploration.slots).toBe(0);
  });

  it('follow the next snapshot at once', () => {
    const book = bookOf([layerOf('l', [ninetyTen('e', { parameters: { candidatesMax: 40 } })])]);
    const variants = new Variants({ book, releases: { current: first }, parameters: undefined });
    const candidatesMax = () => variants.choose({ userId: treated(), nowS: NOW_S }).parameters.candidatesMax;
    expect(candidatesMax()).toBe(40);
    book.offer(
      JSON.stringify(
        snapshotOf([layerOf('l', [ninetyTen('e', { parameters: { candidatesMax: 60 } })])], { version: 2 }),
      ),
      'redis',
    );
    expect(candidatesMax()).toBe(60);
    book.offer(JSON.stringify(snapshotOf([], { version: 3 })), 'redis');
    expect(candidatesMax()).toBe(first.parameters.candidatesMax);
  });
});

describe('what was promoted', () => {
  const promoted = () => [
    { experiment: 'x', variant: 'b', promotedAtS: NOW_S - 9, release: null, parameters: { candidatesMax: 90 } },
    {
      experiment: 'y',
      variant: 'b',
      promotedAtS: NOW_S - 5,
      release: second.id,
      parameters: { diversity: { lambda: 0 } },
    },
  ];
  it('answers everybody, lists included, once its release is loaded', async () => {
    const assignments = bookOf([], { promoted: promoted() });
    const recommender = recommenderOf(first, { releases: releasesOf(second), assignments });
    expect((await recommender.recommend({ user_id: 'ann', num_items: 3 }, 'r')).model_version).toBe(second.id);
    expect((await recommender.trending(undefined, 3)).model_version).toBe(second.id);
    await recommender.close();
  });
  it('waits for its release, and takes its parameters with it', () => {
    const book = bookOf([], { promoted: promoted() });
    const choose = (...held: LoadedRelease[]) =>
      new Variants({ book, releases: releasesOf(...held), parameters: undefined }).choose({ nowS: NOW_S });
    expect(choose()).toMatchObject({
      release: { id: first.id },
      parameters: { candidatesMax: 90, diversity: { lambda: 0.3 } },
    });
    expect(choose(second)).toMatchObject({
      release: { id: second.id },
      parameters: { candidatesMax: 90, diversity: { lambda: 0 } },
    });
  });

  it('gives way to a release that is activated later', () => {
    const book = bookOf([], { promoted: promoted() });
    const activeAt = (chosenAtS: number) =>
      new Variants({ book, releases: { ...releasesOf(second), chosenAtS }, parameters: undefined }).active.id;
    expect(activeAt(NOW_S - 6)).toBe(second.id);
    expect(activeAt(NOW_S - 4)).toBe(first.id);
  });
});
