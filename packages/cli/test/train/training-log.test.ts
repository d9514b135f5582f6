import { describe, expect, it } from 'vitest';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { ActorHistory, countBefore, readTrainingLog } from '../../src/train/training-log.ts';
import { DAY_S, logOf, START_S, storesOf } from './training-log.ts';

describe('training log', () => {
  it('is in time order, with users and anonymous sessions apart', async () => {
    const log = await logOf([
      { user: 'x', row: 3, type: 'purchase', day: 2 },
      { user: 'session-x', row: 1, type: 'view', day: 1 },
      { user: 'x', row: 2, type: 'view', day: 0 },
      { user: 'x', row: 99, type: 'view', day: 1 },
    ]);
    expect(Array.from(log.rows)).toEqual([2, 1, 3]);
    expect(Array.from(log.actors)).toEqual([0, 1, 0]);
    expect(log.unknownItems).toBe(1);
    expect(countBefore(log, START_S + DAY_S)).toBe(1);
    expect(countBefore(log, START_S + DAY_S + 1)).toBe(2);
  });

  it('before a cut-off holds neither events nor items of later', async () => {
    const stores = await storesOf([
      { user: 'x', row: 1, type: 'view', day: 0 },
      { user: 'x', row: 9, type: 'view', day: 2 },
    ]);
    const late = (itemId: string, day: number) => ({
      ...{ itemId, title: 'Late', category: 'tea', brand: '', price: 1, available: true, attributes: {} },
      createdAtS: START_S + day * DAY_S,
    });
    await stores.items.upsert([late('at the cut-off', 1.5), late('later', 3)]);
    const known = Array.from({ length: 10 }, (_, row) => `item-${row}`);
    const log = await readTrainingLog(stores, { beforeS: START_S + 1.5 * DAY_S });
    expect(log.count).toBe(1);
    expect(log.items.map(({ itemId }) => itemId).sort()).toEqual([...known].sort());
    expect(log.items[log.rows[0]!]!.itemId).toBe('item-1');
    const all = await readTrainingLog(stores);
    expect(all.items.map(({ itemId }) => itemId)).toContain('later');
    expect(all.items.length).toBe(12);
  });

  it('gives the profile of a moment: what lies strictly before it, the newest events, oldest first', async () => {
    const log = await logOf([
      { user: 'a', row: 0, type: 'view', day: 0 },
      { user: 'b', row: 9, type: 'view', day: 0.5 },
      { user: 'a', row: 1, type: 'purchase', day: 1 },
      { user: 'a', row: 2, type: 'view', day: 2 },
      { user: 'a', row: 3, type: 'view', day: 3 },
    ]);
    const history = new ActorHistory(log);
    const profile = history.profileAt(0, START_S + 3 * DAY_S, 2);
    expect(Array.from(profile.rows)).toEqual([1, 2]);
    expect(Array.from(profile.types)).toEqual([EVENT_CODE.purchase, EVENT_CODE.view]);
    expect(history.profileAt(0, START_S, 10).length).toBe(0);
    expect(Array.from(history.between(0, START_S + DAY_S, START_S + 3 * DAY_S), (e) => log.rows[e])).toEqual([1, 2]);
  });
});
