import { describe, expect, it } from 'vitest';
import type { ModelReleaseSpec } from '@shortlist/core/contracts/model-release-resource.ts';
import { chooseCanaries, factsOf, hasLoaded } from '@shortlist/controller/model-release/facts.ts';
import { waitsFor, type ModelRelease } from '@shortlist/controller/model-release/model-release.ts';
import type { Observation, PodReleases, PodSight } from '@shortlist/controller/model-release/observation.ts';

const wanted = { release: 'r-202611210500-0a1b2c3d', manifestSha256: 'a'.repeat(64) };
const old = { release: 'r-202611200500-00000000', manifestSha256: 'b'.repeat(64) };
const NOW_MS = Date.parse('2026-11-21T05:00:00Z');

const spec = (changes: Partial<ModelReleaseSpec> = {}): ModelReleaseSpec => ({
  ...wanted,
  deployment: 'serving',
  rollout: { strategy: 'all', observeSeconds: 60, loadTimeoutSeconds: 600 },
  promote: 'auto',
  attempt: 1,
  ...changes,
});
const pod = (name: string, releases: Partial<PodReleases> | null, changes: Partial<PodSight> = {}): PodSight => ({
  ...{ name, url: `http://${name}`, isReady: true, named: old.release, problem: null },
  releases: releases === null ? null : { active: old.release, pinned: old, prepared: null, ...releases },
  ...changes,
});
const loaded = { prepared: { ...wanted, state: 'loaded', reason: null } } as const;
const seen = (changes: Partial<Observation> = {}): Observation => ({
  nowMs: NOW_MS,
  rollout: { state: 'complete', words: '' },
  template: old,
  pods: [],
  experiment: null,
  waitsFor: null,
  ...changes,
});

describe('what is seen of the pods', () => {
  it('counts a pod as loaded when it keeps the very release ready, or serves it by its own template', () => {
    expect(hasLoaded(pod('a', loaded), wanted)).toBe(true);
    expect(hasLoaded(pod('a', { active: wanted.release, pinned: wanted }), wanted)).toBe(true);
    expect(hasLoaded(pod('a', { prepared: { ...wanted, state: 'loading', reason: null } }), wanted)).toBe(false);
    expect(hasLoaded(pod('a', { prepared: { ...loaded.prepared, manifestSha256: 'c'.repeat(64) } }), wanted)).toBe(
      false,
    );
    expect(hasLoaded(pod('a', { active: wanted.release }), wanted)).toBe(false);
    expect(hasLoaded(pod('a', null), wanted)).toBe(false);
  });

  it('says who refused it and why, and who is behind', () => {
    const refused = {
      prepared: { ...wanted, state: 'refused', reason: 'release_digest_mismatch: items.arrow' },
    } as const;
    const { refusal, laggard, pods } = factsOf(spec(), {}, seen({ pods: [pod('a', loaded), pod('b', refused)] }));
    expect(refusal).toEqual({ pod: 'b', reason: 'release_digest_mismatch: items.arrow' });
    expect(laggard).toBe('b is loading it');
    expect(pods).toEqual({ total: 2, loaded: 1, active: 0 });
    const away = factsOf(spec(), {}, seen({ pods: [pod('a', null, { problem: 'cannot be asked: refused' })] }));
    expect(away.laggard).toBe('a cannot be asked: refused');
  });

  it('knows a pod that serves it against its own template, but for the canaries', () => {
    const pods = [pod('a', { active: wanted.release }), pod('b', { active: wanted.release })];
    expect(factsOf(spec(), { canaryPods: ['a'] }, seen({ pods })).strays).toEqual(['b']);
    expect(factsOf(spec(), {}, seen({ pods })).strays).toEqual(['a', 'b']);
  });

  it('knows the release in the pod template by id and digest', () => {
    expect(factsOf(spec(), {}, seen({ template: wanted })).isNamed).toBe(true);
    expect(factsOf(spec(), {}, seen({ template: { ...wanted, manifestSha256: '' } })).isNamed).toBe(false);
    expect(factsOf(spec(), {}, seen({ template: null })).isNamed).toBe(false);
  });

  it('gives up on loading after the time that is allowed', () => {
    const began = (agoS: number) => ({ phaseSince: new Date(NOW_MS - agoS * 1000).toISOString() });
    expect(factsOf(spec(), began(600), seen()).loadTimedOut).toBe(false);
    expect(factsOf(spec(), began(601), seen()).loadTimedOut).toBe(true);
  });
});

describe('the pods that serve it first', () => {
  const share = (podShare: number) =>
    spec({ rollout: { strategy: 'pods', podShare, observeSeconds: 60, loadTimeoutSeconds: 600 } });
  const pods = ['a', 'b', 'c', 'd', 'e'].map((name) => pod(name, loaded));

  it('are a share of them: at least one, never all, none without that strategy', () => {
    expect(chooseCanaries(share(0.4), [], pods)).toEqual(['a', 'b']);
    expect(chooseCanaries(share(0.01), [], pods)).toEqual(['a']);
    expect(chooseCanaries(share(0.99), [], pods)).toEqual(['a', 'b', 'c', 'd']);
    expect(chooseCanaries(spec(), [], pods)).toEqual([]);
  });

  it('stay the same while they are there; one that went is replaced by one that is ready', () => {
    const left = [pods[1]!, pod('c', loaded, { isReady: false }), pods[3]!, pod('f', null)];
    expect(chooseCanaries(share(0.5), ['a', 'b'], left)).toEqual(['b', 'd']);
    expect(chooseCanaries(share(0.4), ['c', 'd'], pods)).toEqual(['c', 'd']);
  });

  it('are observed from when all of them serve it, and troubled when one is not ready with it', () => {
    const serving = pod('a', { active: wanted.release, ...loaded });
    const since = (agoS: number) => ({
      canaryPods: ['a'],
      conditions: [
        {
          ...({ type: 'CanaryServing', status: 'True', reason: 'Serving', message: '' } as const),
          lastTransitionTime: new Date(NOW_MS - agoS * 1000).toISOString(),
        },
      ],
    });
    const facts = (agoS: number, first = serving) =>
      factsOf(share(0.5), since(agoS), seen({ pods: [first, pod('b', loaded)] })).canary;
    expect(facts(59)).toMatchObject({ pods: ['a'], isServing: true, isObserved: false, trouble: null });
    expect(facts(60)).toMatchObject({ isObserved: true });
    expect(facts(60, pod('a', loaded))).toMatchObject({
      isServing: false,
      isObserved: false,
      trouble: 'pod a served it first and does not any more: it was started anew',
    });
    expect(facts(60, { ...serving, isReady: false }).trouble).toBe('pod a serves it first and is not ready');
  });
});

describe('what the experiment says', () => {
  const asked = (strategy: 'all' | 'experiment') =>
    spec({ guardExperiment: 'e', rollout: { strategy, observeSeconds: 0, loadTimeoutSeconds: 600 } });
  const experiment = { state: 'running', decision: null, releases: [wanted.release], promotedRelease: null };
  const verdict = (strategy: 'all' | 'experiment', changes: Partial<Observation['experiment']> | null) =>
    factsOf(asked(strategy), {}, seen({ experiment: changes === null ? null : { ...experiment, ...changes } })).guard;

  it.each([
    [{}, 'waiting'],
    [{ state: 'promoted', promotedRelease: wanted.release }, 'chosen'],
    [{ state: 'promoted' }, 'rejected'],
    [{ state: 'stopped' }, 'rejected'],
    [{ state: 'rolled_back' }, 'harmful'],
    [{ releases: [] }, 'mismatch'],
    [null, 'waiting'],
  ] as const)('with strategy experiment and %j: %s', (changes, expected) => {
    expect(verdict('experiment', changes as Partial<Observation['experiment']>).verdict).toBe(expected);
  });

  it('says no more than no as a guard, and quotes the decision', () => {
    expect(verdict('all', { state: 'stopped', releases: [] }).verdict).toBe('none');
    expect(verdict('all', { state: 'rolled_back', decision: 'fewer purchases' })).toEqual({
      verdict: 'harmful',
      words: 'experiment e was rolled back: fewer purchases',
    });
  });
});

describe('whose turn it is', () => {
  const release = (name: string, phase: string | undefined, minute: number, deployment = 'serving') =>
    ({
      metadata: { name, creationTimestamp: `2026-11-21T05:0${minute}:00Z` },
      spec: { deployment },
      ...(phase === undefined ? {} : { status: { phase } }),
    }) as ModelRelease;

  it('is that of the one under way, then of the oldest that waits; other deployments do not count', () => {
    const [a, b, c] = [release('a', undefined, 1), release('b', 'Pending', 2), release('c', 'Active', 0)];
    expect(waitsFor(a, [a, b, c])).toBeNull();
    expect(waitsFor(b, [a, b, c])).toBe('a');
    expect(waitsFor(a, [a, b, release('d', 'Canary', 9)])).toBe('d');
    expect(waitsFor(b, [release('a', undefined, 1, 'other'), b])).toBeNull();
    expect(waitsFor(a, [a, release('b', undefined, 1)])).toBeNull();
  });
});
