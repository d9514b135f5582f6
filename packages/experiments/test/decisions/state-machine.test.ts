import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXPERIMENT_STATES, type StoredExperiment } from '@shortlist/core/stores/experiment-store.ts';
import { move, TRANSITIONS, type Action } from '@shortlist/experiments/decisions/state-machine.ts';
import { experimentOf } from '../experiment-document.ts';

const experiment = (changes: Partial<StoredExperiment> = {}): StoredExperiment => ({
  ...{ name: 'e', state: 'running', resourceVersion: 3, buckets: [{ from: 0, to: 10 }] },
  current: { version: 2, spec: experimentOf('e').spec, phase: 1, createdAtS: 50, startedAtS: 60, actor: 'ann' },
  ...{ startedAtS: 60, endedAtS: null, promoted: null, ...changes },
});
const ACTIONS: readonly Action[] = ['start', 'roll_back', 'promote', 'stop', 'needs_attention', 'resume'];

describe('the state machine', () => {
  it('lets happen what its table says and nothing else', () => {
    const cases = EXPERIMENT_STATES.flatMap((state) => ACTIONS.map((action) => [state, action] as const));
    const allowed = (by: 'service' | 'person') =>
      cases.flatMap(([state, action]) => {
        try {
          const { moved } = move(experiment({ state }), { action, by, variant: 'diverse', nowS: 100 });
          return [`${state} -${action}-> ${moved.state}`];
        } catch (error) {
          expect(error).toMatchObject({ code: 'transition_refused', details: { state, experiment: 'e' } });
          return [];
        }
      });
    expect(allowed('service')).toEqual([
      'running -roll_back-> rolled_back',
      'running -promote-> promoted',
      'running -needs_attention-> needs_attention',
      'needs_attention -roll_back-> rolled_back',
    ]);
    expect(allowed('person')).toEqual([
      'draft -start-> running',
      'running -roll_back-> rolled_back',
      'running -promote-> promoted',
      'running -stop-> stopped',
      'running -needs_attention-> needs_attention',
      'needs_attention -roll_back-> rolled_back',
      'needs_attention -promote-> promoted',
      'needs_attention -stop-> stopped',
      'needs_attention -resume-> running',
      'promoted -roll_back-> rolled_back',
      'rolled_back -resume-> running',
    ]);
  });

  it('takes the buckets back when it ends, and names the winner', () => {
    const promoted = move(experiment(), { action: 'promote', by: 'service', variant: 'diverse', nowS: 100 }).moved;
    expect(promoted).toMatchObject({
      state: 'promoted',
      buckets: [],
      endedAtS: 100,
      promoted: 'diverse',
      resourceVersion: 4,
    });
    const back = move(promoted, { action: 'roll_back', by: 'person', nowS: 200 }).moved;
    expect(back).toMatchObject({ state: 'rolled_back', promoted: null, endedAtS: 200 });
  });

  it('gives one that is resumed a version and a phase of its own', () => {
    const rolledBack = experiment({ state: 'rolled_back', buckets: [], endedAtS: 90 });
    const { moved, begins } = move(rolledBack, { action: 'resume', by: 'person', nowS: 100 });
    expect(begins).toBe(true);
    expect(moved).toMatchObject({ state: 'running', endedAtS: null, startedAtS: 60 });
    expect(moved.current).toMatchObject({ version: 3, phase: 3, startedAtS: 100 });
    const attended = move(experiment({ state: 'needs_attention' }), { action: 'resume', by: 'person', nowS: 100 });
    expect(attended).toMatchObject({
      begins: true,
      moved: { state: 'running', current: { version: 3, phase: 3 }, buckets: [{ from: 0, to: 10 }] },
    });
  });

  it.each([
    ['control', 'control is control'],
    ['nobody', 'no variant nobody'],
    [null, 'no variant'],
  ])('does not promote %s', (variant, reason) => {
    expect(() => move(experiment(), { action: 'promote', by: 'person', variant, nowS: 1 })).toThrow(reason);
  });

  it('does not promote what interleaving prefers', () => {
    const interleaving = experiment();
    const current = { ...interleaving.current, spec: { ...interleaving.current.spec, type: 'interleaving' as const } };
    const promote = () =>
      move({ ...interleaving, current }, { action: 'promote', by: 'person', variant: 'diverse', nowS: 1 });
    expect(promote).toThrow('A/B test');
  });

  it('keeps its promises on every path: buckets while it splits and only then, versions that never go back', () => {
    const moves = fc.array(
      fc.record({ action: fc.constantFrom(...ACTIONS), by: fc.constantFrom('service' as const, 'person' as const) }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(moves, (path) => {
        let now = experiment({
          state: 'draft',
          buckets: [],
          startedAtS: null,
          current: { ...experiment().current, startedAtS: null },
        });
        path.forEach(({ action, by }, i) => {
          const table = TRANSITIONS.find(
            (one) => one.from === now.state && one.action === action && one.by.includes(by),
          );
          if (table === undefined) {
            expect(() => move(now, { action, by, variant: 'diverse', nowS: 100 + i })).toThrow('not possible');
            return;
          }
          const { moved, begins } = move(now, { action, by, variant: 'diverse', nowS: 100 + i });
          const after = begins ? { ...moved, buckets: [{ from: 0, to: 10 }] } : moved;
          const splits = after.state === 'running' || after.state === 'needs_attention';
          expect(after.buckets.length > 0).toBe(splits);
          expect(after.promoted !== null).toBe(after.state === 'promoted');
          expect(after.endedAtS !== null).toBe(!splits);
          expect(after.current.version).toBeGreaterThanOrEqual(now.current.version);
          expect(after.resourceVersion).toBe(now.resourceVersion + 1);
          now = after;
        });
      }),
    );
  });
});
