import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RELEASE_PHASES, type ReleasePhase } from '@shortlist/core/contracts/model-release-resource.ts';
import type { Facts } from '@shortlist/controller/model-release/facts.ts';
import { hasEnded, isUnderWay } from '@shortlist/controller/model-release/model-release.ts';
import { stepFrom, TRANSITIONS } from '@shortlist/controller/model-release/transitions.ts';
import { anyFacts, facts } from './facts-of.ts';

const anyPhase = fc.constantFrom(...RELEASE_PHASES);
const to = (phase: ReleasePhase, seen: Partial<Facts> = {}) => {
  const step = stepFrom(phase, facts(seen));
  return step === null ? null : `${step.to} ${step.reason}`;
};
const guard = (verdict: Facts['guard']['verdict']) => ({ guard: { verdict, words: verdict } });
const canary = (changes: Partial<Facts['canary']>) => ({ canary: { ...facts().canary, ...changes } });

describe('what becomes of a ModelRelease', () => {
  it('goes the short way when nothing is asked but that all pods load it', () => {
    expect(to('Pending')).toBe('Loading Loading');
    expect(to('Loading', { pods: { total: 2, loaded: 1, active: 0 } })).toBeNull();
    expect(to('Loading')).toBe('Promoting Loaded');
    expect(to('Promoting')).toBeNull();
    expect(to('Promoting', { isNamed: true, wasApplied: true, pods: { total: 2, loaded: 2, active: 1 } })).toBeNull();
    const served = { isNamed: true, wasApplied: true, pods: { total: 2, loaded: 2, active: 2 } };
    expect(to('Promoting', { ...served, rollout: { state: 'progressing', words: '' } })).toBeNull();
    expect(to('Promoting', served)).toBe('Active Promoted');
    expect(to('Active', served)).toBeNull();
  });

  it('waits its turn, for its deployment, and for a person', () => {
    expect(to('Pending', { waitsFor: 'other' })).toBeNull();
    expect(to('Pending', { isDeployed: false })).toBeNull();
    expect(to('Loading', { promote: 'manual' })).toBe('AwaitingPromotion ManualPromotion');
    expect(to('AwaitingPromotion', { promote: 'manual' })).toBeNull();
    expect(to('AwaitingPromotion')).toBe('Promoting Approved');
  });

  it('fails where a pod refuses it or does not get to the end, and touches nothing', () => {
    const refusal = (reason: string) => ({ refusal: { pod: 'serving-a', reason } });
    expect(stepFrom('Loading', facts(refusal('release_digest_mismatch: items.arrow is damaged')))).toEqual({
      to: 'Failed',
      reason: 'DigestMismatch',
      words: 'pod serving-a: release_digest_mismatch: items.arrow is damaged',
    });
    expect(to('Loading', refusal('release_golden_mismatch: ranker'))).toBe('Failed Refused');
    expect(to('Loading', { loadTimedOut: true, pods: { total: 0, loaded: 0, active: 0 } })).toBe('Failed LoadTimeout');
    expect(to('Loading', guard('mismatch'))).toBe('Failed ExperimentMismatch');
    expect(to('Canary', refusal('release_file_missing'))).toBe('RollingBack Refused');
  });

  it('is tried on some pods, for as long as asked, before it goes to all', () => {
    const pods = { strategy: 'pods' } as const;
    expect(to('Loading', pods)).toBe('Canary Loaded');
    expect(to('Canary', pods)).toBeNull();
    expect(to('Canary', { ...pods, ...canary({ isServing: true, isObserved: true }) })).toBe('Promoting CanaryPassed');
    const manual = { ...pods, promote: 'manual', ...canary({ isServing: true, isObserved: true }) } as const;
    expect(to('Canary', manual)).toBe('AwaitingPromotion ManualPromotion');
    expect(to('Canary', { ...pods, ...canary({ trouble: 'pod a is not ready' }) })).toBe('RollingBack CanaryFailed');
    expect(to('AwaitingPromotion', canary({ trouble: 'pod a is not ready' }))).toBe('RollingBack CanaryFailed');
  });

  it('does what its experiment says, before and after it was promoted', () => {
    const experiment = { strategy: 'experiment' } as const;
    expect(to('Loading', experiment)).toBe('Canary Loaded');
    expect(to('Canary', { ...experiment, ...guard('waiting') })).toBeNull();
    expect(to('Canary', { ...experiment, ...guard('chosen') })).toBe('Promoting ExperimentChose');
    expect(to('Canary', { ...experiment, ...guard('rejected') })).toBe('RollingBack NotChosen');
    for (const phase of ['Canary', 'AwaitingPromotion', 'Promoting', 'Active'] as const)
      expect(to(phase, { ...experiment, ...guard('harmful'), isNamed: phase === 'Active' })).toBe(
        'RollingBack GuardFailed',
      );
    expect(to('Loading', guard('harmful'))).toBe('Failed GuardFailed');
  });

  it('goes back when the new pods do not come up', () => {
    const stuck = { state: 'stuck', words: 'ProgressDeadlineExceeded' } as const;
    expect(to('Promoting', { isNamed: true, wasApplied: true, rollout: stuck })).toBe('RollingBack RolloutStuck');
    // Stuck before it was named: by whatever was rolled out then.
    expect(to('Promoting', { rollout: stuck })).toBeNull();
    expect(to('RollingBack', { isNamed: true })).toBeNull();
    expect(to('RollingBack', { strays: ['serving-a'] })).toBeNull();
    expect(to('RollingBack')).toBe('RolledBack RolledBack');
  });

  it('follows who changes the pod template otherwise, by kubectl rollout undo above all', () => {
    expect(to('Promoting', { wasApplied: true })).toBe('Superseded NamedNoMore');
    expect(to('Active', { wasApplied: true })).toBe('Superseded NamedNoMore');
    expect(to('Superseded', { isNamed: true })).toBe('Active NamedAgain');
    expect(to('Canary', { isNamed: true })).toBe('Promoting NamedByOthers');
    expect(to('Pending', { isNamed: true, pods: { total: 2, loaded: 2, active: 2 } })).toBe('Active NamedAlready');
  });

  it('is tried again only when somebody raises the attempt', () => {
    for (const phase of ['Failed', 'RolledBack', 'Superseded'] as const) {
      expect(to(phase)).toBeNull();
      expect(to(phase, { attemptRaised: true })).toBe('Pending Retried');
    }
  });
});

describe('the table of transitions, whatever is seen', () => {
  it('promotes by itself only what every pod has loaded, nobody refused, no experiment speaks against, and nobody waits for', () => {
    fc.assert(
      fc.property(anyPhase, anyFacts, (phase, seen) => {
        if (stepFrom(phase, seen)?.to !== 'Promoting' || seen.isNamed) return;
        expect(seen.pods.total).toBeGreaterThan(0);
        expect(seen.pods.loaded).toBe(seen.pods.total);
        expect(seen.refusal).toBeNull();
        expect(seen.promote).toBe('auto');
        expect(['harmful', phase === 'AwaitingPromotion' ? '' : 'mismatch']).not.toContain(seen.guard.verdict);
        if (phase === 'Loading') expect(seen.strategy).toBe('all');
        if (phase === 'Canary' && seen.strategy === 'experiment') expect(seen.guard.verdict).toBe('chosen');
        if (phase === 'Canary') expect(seen.canary.trouble).toBeNull();
      }),
      { numRuns: 20_000 },
    );
  });

  it('leaves nobody with a release that was rolled back, and calls nothing active that is not named', () => {
    fc.assert(
      fc.property(anyPhase, anyFacts, (phase, seen) => {
        const step = stepFrom(phase, seen);
        if (step?.to === 'RolledBack') expect([seen.isNamed, seen.strays]).toEqual([false, []]);
        if (step?.to === 'Active') expect(seen.isNamed).toBe(true);
        if (step?.to === 'Superseded') expect([seen.isNamed, seen.wasApplied]).toEqual([false, true]);
        if (step !== null) expect([step.reason, step.words, step.to]).not.toContain('');
      }),
      { numRuns: 20_000 },
    );
  });

  it('never begins one while another is on its way, and ends one that has begun only at an end', () => {
    for (const { from, to: end } of TRANSITIONS) {
      if (isUnderWay(end) && !isUnderWay(from))
        expect(['Pending Loading', 'Active RollingBack']).toContain(`${from} ${end}`);
      if (from === 'RollingBack') expect(end).toBe('RolledBack');
      if (hasEnded(from)) expect(['Active', 'Pending']).toContain(end);
    }
  });

  it('reaches every phase from Pending, and leaves every phase', () => {
    const reached = new Set<ReleasePhase>(['Pending']);
    for (let size = 0; size !== reached.size;) {
      size = reached.size;
      for (const { from, to: end } of TRANSITIONS) if (reached.has(from)) reached.add(end);
    }
    expect([...reached].sort()).toEqual([...RELEASE_PHASES].sort());
    for (const phase of RELEASE_PHASES) expect(TRANSITIONS.some(({ from }) => from === phase)).toBe(true);
  });

  it('comes to rest: what is seen stays the same, and so does the phase after a few steps', () => {
    fc.assert(
      fc.property(anyPhase, anyFacts, (first, seen) => {
        // A raised attempt is used up by its first step, and a harmful experiment keeps what it rolled back from being named.
        const isSteady = !(seen.attemptRaised || (seen.guard.verdict === 'harmful' && seen.isNamed));
        fc.pre(isSteady);
        let phase = first;
        for (let steps = 0; steps < RELEASE_PHASES.length + 1; steps++) {
          const step = stepFrom(phase, seen);
          if (step === null) return;
          phase = step.to;
        }
        expect.fail(`it never rests: ${phase}`);
      }),
      { numRuns: 20_000 },
    );
  });
});
