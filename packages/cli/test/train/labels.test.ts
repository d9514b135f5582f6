import { describe, expect, it } from 'vitest';
import { CLICK, CONVERSION, slateLabels, windowLabels } from '../../src/train/labels.ts';
import { ActorHistory } from '../../src/train/training-log.ts';
import { DAY_S, logOf, START_S } from './training-log.ts';

describe('labels', () => {
  it('of a window: any interest is a click, a purchase both; what says nothing or lies outside is no label', async () => {
    const log = await logOf([
      { user: 'a', row: 0, type: 'purchase', day: 0 },
      { user: 'a', row: 1, type: 'view', day: 1 },
      { user: 'a', row: 2, type: 'view', day: 1 },
      { user: 'a', row: 2, type: 'purchase', day: 1.5 },
      { user: 'a', row: 3, type: 'hide', day: 1.5 },
      { user: 'a', row: 4, type: 'purchase', day: 2 },
      { user: 'b', row: 5, type: 'purchase', day: 1 },
    ]);
    const labels = windowLabels(log, new ActorHistory(log), 0, START_S + DAY_S, START_S + 2 * DAY_S);
    expect([...labels]).toEqual([
      [1, CLICK],
      [2, CLICK | CONVERSION],
    ]);
  });

  it('of a slate: what followed within a day, unless another slate caused it', async () => {
    const slates = [
      { request: 'r1', user: 'a', day: 1, rows: [0, 1, 2] },
      { request: 'r2', user: 'a', day: 1.1, rows: [3, 4] },
    ];
    const log = await logOf(
      [
        { user: 'a', row: 0, type: 'view', day: 1.01, request: 'r1' },
        { user: 'a', row: 3, type: 'view', day: 1.11, request: 'r2' },
        { user: 'a', row: 3, type: 'purchase', day: 1.12, request: 'r2' },
        { user: 'a', row: 6, type: 'view', day: 1.2 },
        { user: 'a', row: 7, type: 'view', day: 2.01 },
        { user: 'b', row: 1, type: 'view', day: 1.02 },
      ],
      slates,
    );
    const history = new ActorHistory(log);
    expect([...slateLabels(log, history, log.slates[0]!)]).toEqual([
      [0, CLICK],
      [3, CLICK | CONVERSION],
      [6, CLICK],
    ]);
    expect([...slateLabels(log, history, log.slates[1]!).keys()]).toEqual([3, 6, 7]);
  });
});
