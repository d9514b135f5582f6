import { describe, expect, it } from 'vitest';
import { withCondition } from '@shortlist/controller/runtime/conditions.ts';

const at = (second: number) => Date.UTC(2026, 0, 1, 0, 0, second);

describe('conditions', () => {
  it('move their time only when the status changes', () => {
    const first = withCondition(
      [],
      { type: 'Ready', status: 'False', reason: 'Starting', message: '' },
      { generation: 1, now: at(1) },
    );
    const second = withCondition(
      first,
      { type: 'Ready', status: 'False', reason: 'Away', message: 'gone' },
      { generation: 2, now: at(2) },
    );
    expect(second).toEqual([
      {
        ...{ type: 'Ready', status: 'False', reason: 'Away', message: 'gone', observedGeneration: 2 },
        lastTransitionTime: '2026-01-01T00:00:01.000Z',
      },
    ]);
    const third = withCondition(
      second,
      { type: 'Ready', status: 'True', reason: 'Running', message: '' },
      { generation: 2, now: at(3) },
    );
    expect(third[0]!.lastTransitionTime).toBe('2026-01-01T00:00:03.000Z');
  });

  it('keep their order, and what is said of other types', () => {
    const given = { generation: 1, now: at(0) };
    const one = { type: 'Accepted', status: 'True', reason: 'Applied', message: '' } as const;
    const two = { type: 'Ready', status: 'True', reason: 'Running', message: '' } as const;
    const both = withCondition(withCondition([], one, given), two, given);
    const after = withCondition(both, { ...one, status: 'False', reason: 'WeightsInvalid' }, given);
    expect(after.map(({ type, status }) => [type, status])).toEqual([
      ['Accepted', 'False'],
      ['Ready', 'True'],
    ]);
  });
});
