import { describe, expect, it } from 'vitest';
import { assign, type AssignmentInput } from '@shortlist/core/assignment/assign.ts';
import { bucketOf } from '@shortlist/core/assignment/bucket.ts';
import { compileSnapshot } from '@shortlist/core/assignment/compile-snapshot.ts';
import { explainAssignment } from '@shortlist/core/assignment/explain-assignment.ts';
import { BUCKETS, type SnapshotExperiment, type SnapshotLayer } from '@shortlist/core/contracts/assignment-snapshot.ts';
import type { Target } from '@shortlist/core/contracts/experiment.ts';
import { contentOf, experimentOf, layerOf, NOW_S, variantsOf } from './snapshots.ts';

const enrolments = (layers: SnapshotLayer[], input: Partial<AssignmentInput>) =>
  assign(compileSnapshot(contentOf(layers)), { nowS: NOW_S, ...input }).map(({ enrolment }) => enrolment);
const variantOf = (experiment: SnapshotExperiment, input: Partial<AssignmentInput>) =>
  enrolments([layerOf('l', [experiment])], input)[0]?.assigned ?? null;

describe('the unit', () => {
  const layers = [
    layerOf('users', [experimentOf('of-users')]),
    layerOf('sessions', [experimentOf('of-sessions')], { unit: 'session' }),
  ];
  const experimentsOf = (input: Partial<AssignmentInput>) =>
    enrolments(layers, input).map(({ experiment, unit }) => [experiment, unit]);

  it('is the user in layers of users and the session in layers of sessions', () => {
    expect(experimentsOf({ userId: 'ann' })).toEqual([['of-users', 'u:ann']]);
    expect(experimentsOf({ sessionId: 'visit' })).toEqual([['of-sessions', 's:visit']]);
    expect(experimentsOf({})).toEqual([]);
  });
  it('of a session that becomes a user stays in its experiments and enters those of users', () => {
    const [before] = enrolments(layers, { sessionId: 'visit' });
    const both = enrolments(layers, { sessionId: 'visit', userId: 'ann' });
    expect(both).toEqual([...enrolments(layers, { userId: 'ann' }), before]);
  });
});

describe('variants', () => {
  const id = 'somebody';
  const bucket = bucketOf('variant', 'e', id);
  const withWeights = (weights: number[]) =>
    variantOf(experimentOf('e', { variants: variantsOf(weights) }), { userId: id });

  it('begin at their first bucket and end before that of the next, among several', () => {
    expect(withWeights([bucket, BUCKETS - bucket])).toBe('b');
    expect(withWeights([bucket + 1, BUCKETS - bucket - 1])).toBe('a');
    expect(withWeights([bucket, 1, BUCKETS - bucket - 1])).toBe('b');
    expect(withWeights([1, bucket - 1, 0, 1, BUCKETS - bucket - 1])).toBe('d');
  });
  it('of weight 0 get nobody', () => {
    const compiled = compileSnapshot(
      contentOf([layerOf('l', [experimentOf('e', { variants: variantsOf([0, 400_000, 0, 600_000, 0]) })])]),
    );
    const met = new Set<string>();
    for (let user = 0; user < 5_000; user++)
      for (const { enrolment } of assign(compiled, { userId: String(user), nowS: NOW_S })) met.add(enrolment.assigned);
    expect([...met].sort()).toEqual(['b', 'd']);
  });
  it('of an interleaving experiment are woven into control for everybody', () => {
    for (const userId of ['a', 'b', 'c', 'd', 'e', 'f']) {
      const woven = experimentOf('e', { type: 'interleaving' });
      expect(variantOf(woven, { userId })).toBe('b');
    }
  });
});

describe('experiments of a layer', () => {
  const parts = [
    experimentOf('first', { allocation: [{ from: 0, to: 300_000 }] }),
    experimentOf('second', {
      allocation: [
        { from: 300_000, to: 500_000 },
        { from: 900_000, to: BUCKETS },
      ],
    }),
  ];
  it('exclude each other and leave out whom nobody owns', () => {
    const layer = layerOf('l', parts);
    for (let user = 0; user < 2_000; user++) {
      const userId = `user-${user}`;
      const bucket = bucketOf('layer', 'l', userId);
      const owner = bucket < 300_000 ? ['first'] : bucket < 500_000 || bucket >= 900_000 ? ['second'] : [];
      expect(enrolments([layer], { userId }).map(({ experiment }) => experiment)).toEqual(owner);
    }
  });
  it('take nobody who is held out, and of others the same as without a holdout', () => {
    const free = layerOf('l', parts);
    const held = layerOf('l', parts, { holdout: 100_000 });
    for (let user = 0; user < 2_000; user++) {
      const userId = `user-${user}`;
      const isHeldOut = bucketOf('holdout', 'l', userId) < 100_000;
      expect(enrolments([held], { userId })).toEqual(isHeldOut ? [] : enrolments([free], { userId }));
    }
  });
});

describe('time and targets', () => {
  it('take from the start on and until just before the end', () => {
    const experiment = experimentOf('e', { startsAtS: NOW_S, endsAtS: NOW_S + 10 });
    const isIn = (nowS: number) => variantOf(experiment, { userId: 'a', nowS }) !== null;
    expect([NOW_S - 0.01, NOW_S, NOW_S + 9.99, NOW_S + 10].map(isIn)).toEqual([false, true, true, false]);
  });
  it.each<[Target, object, boolean]>([
    [{ attribute: 'context.device', in: ['mobile'] }, { context: { device: 'mobile' } }, true],
    [{ attribute: 'context.device', in: ['mobile'] }, { context: { device: 'desktop' } }, false],
    [{ attribute: 'context.device', in: ['mobile'] }, {}, false],
    [{ attribute: 'context.device', notIn: ['mobile'] }, { context: { device: 'desktop' } }, true],
    [{ attribute: 'context.device', notIn: ['mobile'] }, {}, false],
    [{ attribute: 'context.device', in: ['a', 'b'], notIn: ['b'] }, { context: { device: 'b' } }, false],
    [{ attribute: 'user.plan.name', in: ['paid'] }, { attributes: { 'plan.name': 'paid' } }, true],
    [{ attribute: 'user.plan', in: ['paid'] }, { context: { plan: 'paid' } }, false],
    [{ attribute: 'user.constructor', notIn: ['x'] }, { attributes: {} }, false],
  ])('target %j takes %j: %s', (target, input, isIn) => {
    expect(variantOf(experimentOf('e', { targeting: [target] }), { userId: 'a', ...input }) !== null).toBe(isIn);
  });
});

describe('the explanation', () => {
  it('says for each layer why, with every bucket that was looked at', () => {
    const layers = [
      layerOf('all', [experimentOf('e')]),
      layerOf('held', [experimentOf('h')], { holdout: BUCKETS }),
      layerOf('sessions', [experimentOf('s')], { unit: 'session' }),
      layerOf('future', [experimentOf('f', { ramp: [{ atS: NOW_S + 1, exposed: BUCKETS }] })]),
    ];
    const explained = explainAssignment(compileSnapshot(contentOf(layers)), { userId: 'ann', nowS: NOW_S });
    expect(explained).toMatchObject([
      { layer: 'all', outcome: 'assigned', unit: 'u:ann', experiment: 'e', phase: 0 },
      { layer: 'held', outcome: 'holdout', experiment: null, buckets: { holdout: bucketOf('holdout', 'held', 'ann') } },
      { layer: 'sessions', outcome: 'no_unit', unit: null, buckets: {} },
      { layer: 'future', outcome: 'not_ramped', experiment: 'f', variant: null, phase: -1 },
    ]);
    expect(Object.keys(explained[0]!.buckets)).toEqual(['holdout', 'layer', 'ramp', 'variant']);
    expect(explained[0]!.variant).toBe(bucketOf('variant', 'e', 'ann') < BUCKETS / 2 ? 'a' : 'b');
  });
});
