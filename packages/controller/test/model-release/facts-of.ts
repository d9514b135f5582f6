import fc from 'fast-check';
import type { Facts } from '@shortlist/controller/model-release/facts.ts';

/** Facts of a release that is as well as can be in its deployment of two pods; `changes` win. */
export const facts = (changes: Partial<Facts> = {}): Facts => ({
  strategy: 'all',
  promote: 'auto',
  attemptRaised: false,
  deployment: 'serving',
  isDeployed: true,
  waitsFor: null,
  isNamed: false,
  templateRelease: 'r-202611200500-00000000',
  wasApplied: false,
  rollout: { state: 'complete', words: '2 of 2' },
  pods: { total: 2, loaded: 2, active: 0 },
  refusal: null,
  laggard: null,
  loadTimedOut: false,
  canary: { pods: [], isServing: false, isObserved: false, trouble: null },
  guard: { verdict: 'none', words: 'no experiment is asked' },
  strays: [],
  prepared: [],
  ...changes,
});

const names = fc.subarray(['serving-a', 'serving-b']);

/** Whatever could be seen. */
export const anyFacts: fc.Arbitrary<Facts> = fc
  .record({
    strategy: fc.constantFrom('all', 'pods', 'experiment'),
    promote: fc.constantFrom('auto', 'manual'),
    attemptRaised: fc.boolean(),
    isDeployed: fc.boolean(),
    waitsFor: fc.option(fc.constant('other')),
    isNamed: fc.boolean(),
    wasApplied: fc.boolean(),
    rollout: fc.option(
      fc.record({ state: fc.constantFrom('complete', 'progressing', 'stuck'), words: fc.constant('rollout') }),
    ),
    pods: fc
      .tuple(fc.nat(3), fc.nat(3), fc.nat(3))
      .map(([total, loaded, active]) => ({ total, loaded: Math.min(loaded, total), active: Math.min(active, total) })),
    refusal: fc.option(
      fc.record({
        pod: fc.constant('serving-a'),
        reason: fc.constantFrom('release_digest_mismatch: items.arrow', 'release_golden_mismatch: ranker'),
      }),
    ),
    loadTimedOut: fc.boolean(),
    canary: fc.record({
      pods: names,
      isServing: fc.boolean(),
      isObserved: fc.boolean(),
      trouble: fc.option(fc.constant('pod serving-a is not ready')),
    }),
    guard: fc.record({
      verdict: fc.constantFrom('none', 'waiting', 'chosen', 'rejected', 'harmful', 'mismatch'),
      words: fc.constant('guard'),
    }),
    strays: names,
    prepared: names,
  })
  .map((seen) => facts(seen as Partial<Facts>));
