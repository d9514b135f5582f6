import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ParametersPatch } from '@shortlist/core/contracts/effective-parameters.ts';
import type { SnapshotExperiment } from '@shortlist/core/contracts/assignment-snapshot.ts';
import type { SlateRecord } from '@shortlist/core/contracts/serving-records.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import { AssignmentBook } from '@shortlist/serving/experiments/assignment-book.ts';
import type { RecommenderOptions } from '@shortlist/serving/recommender-options.ts';
import { experimentOf, layerOf, snapshotOf, variantsOf } from '../../../core/test/assignment/snapshots.ts';
import { NOW_S, openTinyRelease, recommenderOf, slateOf } from '../pipeline/tiny-serving.ts';
import { KeptRecords } from '../records/kept-records.ts';

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

const USERS = Array.from({ length: 40 }, (_, user) => `user-${user}`);
const NUM_ITEMS = 8;
const TURNED: ParametersPatch = { diversity: { lambda: 0 }, weights: { click: 100, conversion: 0 } };
const without = (assignments: SnapshotExperiment, treatment: Partial<SnapshotExperiment['variants'][number]>) => {
  const [a, b] = variantsOf([500_000, 500_000]);
  return { ...assignments, variants: [a!, { ...b!, ...treatment }] };
};

/** Slate records of a request by every user, sent together, by request. */
async function recordsOf(
  experiment: SnapshotExperiment,
  options: Partial<RecommenderOptions> = {},
): Promise<Map<string, SlateRecord>> {
  const assignments = new AssignmentBook({ unitsMax: 100 });
  expect(assignments.offer(JSON.stringify(snapshotOf([layerOf('l', [experiment])])), 'redis')).toBe('taken');
  const kept = new KeptRecords();
  const recommender = recommenderOf(first, { assignments, records: kept.options, ...options });
  await Promise.all(USERS.map((user) => recommender.recommend({ user_id: user, num_items: NUM_ITEMS }, user)));
  await recommender.close();
  return new Map(kept.slates.map((slate) => [slate.request_id, slate]));
}
const slates = async (release: LoadedRelease, parameters: ParametersPatch = {}) => {
  const recommender = recommenderOf(release, { parameters });
  const made = new Map<string, string[]>();
  for (const user of USERS) made.set(user, await slateOf(recommender, { user_id: user, num_items: NUM_ITEMS }, user));
  await recommender.close();
  return made;
};
const base = (changes: Partial<SnapshotExperiment>) => experimentOf('e', { startsAtS: NOW_S - 10, ...changes });

describe('a triggered experiment', () => {
  it('records of both variants whether the other one would have shown another slate', async () => {
    const records = await recordsOf(
      without(base({ triggered: true }), { parameters: { exploration: { slots: 1, pool: 8 } } }),
    );
    const [control, treatment] = [await slates(first), await slates(first, { exploration: { slots: 1, pool: 8 } })];
    const met = new Set<string>();
    for (const user of USERS) {
      const { items, experiments } = records.get(user)!;
      const { served } = experiments[0]!;
      const differs = control.get(user)!.join() !== treatment.get(user)!.join();
      expect(experiments[0]!.differs).toBe(differs);
      expect(items).toEqual((served === 'a' ? control : treatment).get(user));
      met.add(`${served} ${differs}`);
    }
    expect(met.size).toBeGreaterThanOrEqual(2);
  });

  it('records that nothing differs when the variants come to the same', async () => {
    const records = await recordsOf(
      without(base({ triggered: true }), { parameters: { candidatesMax: first.parameters.candidatesMax } }),
    );
    expect([...records.values()].map(({ experiments }) => experiments[0]!.differs)).toEqual(USERS.map(() => false));
  });

  it('does not know what differs while a release is not loaded, and answers', async () => {
    const records = await recordsOf(without(base({ triggered: true }), { release: second.id }));
    for (const { experiments, items } of records.values()) {
      expect(experiments[0]).toMatchObject({ served: 'a', differs: null });
      expect(items).toHaveLength(NUM_ITEMS);
    }
  });
});

describe('an interleaving experiment', () => {
  const loaded = (id: string) => [first, second].find((release) => release.id === id) ?? null;

  it.each(['parameters', 'releases'])('weaves the slates of two %s, and records whose item is where', async (what) => {
    const ofReleases = what === 'releases';
    const treatment = ofReleases ? { release: second.id } : { parameters: TURNED };
    const records = await recordsOf(without(base({ type: 'interleaving' }), treatment), {
      releases: {
        get current() {
          return first;
        },
        loaded,
      },
    });
    const own = await slates(first);
    const theirs = ofReleases ? await slates(second) : await slates(first, TURNED);
    let leads = 0;
    for (const user of USERS) {
      const { items, teams, experiments, propensities, sources } = records.get(user)!;
      expect(experiments).toMatchObject([
        { assigned: 'b', served: 'b', differs: own.get(user)!.join() !== theirs.get(user)!.join() },
      ]);
      expect([items, teams, propensities, sources].map(({ length }) => length)).toEqual(Array(4).fill(NUM_ITEMS));
      expect(new Set(items).size).toBe(NUM_ITEMS);
      // A team's items come in its ranker's order, and no team falls behind by more than one.
      [own, theirs].forEach((slate, team) => {
        const positions = items.flatMap((item, i) => (teams[i] === team ? [slate.get(user)!.indexOf(item)] : []));
        expect(positions.every((position, i) => position >= 0 && position > (positions[i - 1] ?? -1))).toBe(true);
      });
      expect(Math.abs(teams.filter((team) => team === 1).length - NUM_ITEMS / 2)).toBeLessThanOrEqual(0.5);
      leads += teams[0]!;
    }
    // The coin is fair enough to favour nobody.
    expect(leads).toBeGreaterThan(8);
    expect(leads).toBeLessThan(32);
  });

  it('is answered by control alone while the other release is not loaded', async () => {
    const records = await recordsOf(without(base({ type: 'interleaving' }), { release: second.id }));
    const own = await slates(first);
    for (const user of USERS) {
      const { items, teams, experiments } = records.get(user)!;
      expect(items).toEqual(own.get(user));
      expect(teams).toEqual([]);
      expect(experiments).toMatchObject([{ assigned: 'b', served: 'a' }]);
    }
  });

  it('is answered by control alone when the other ranker fails', async () => {
    const broken = {
      ...second,
      sources: first.sources.map((source) => ({
        ...source,
        name: source.name,
        retrieve: () => {
          throw new Error('broken');
        },
      })),
      itemVectors: null,
      rankedLists: null,
    } as unknown as LoadedRelease;
    const failures: string[] = [];
    const records = await recordsOf(without(base({ type: 'interleaving' }), { release: second.id }), {
      releases: {
        get current() {
          return first;
        },
        loaded: (id) => (id === second.id ? broken : first),
      },
      onFailure: (what) => failures.push(what),
    });
    const own = await slates(first);
    for (const user of USERS) {
      expect(records.get(user)!.items).toEqual(own.get(user));
      expect(records.get(user)!.experiments).toMatchObject([{ assigned: 'b', served: 'a', differs: null }]);
    }
    expect(failures).toContain('alternatives');
  });
});
