import { describe, expect, it } from 'vitest';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { collectUnits, type Split } from '../../src/evaluate/collect-units.ts';
import { rowOf, storeOf, type LoggedEvent } from './logged-events.ts';

const SPLIT: Split = { trainUntilS: 100, testUntilS: 200, label: 'purchase', mode: 'all' };

async function collect(events: readonly LoggedEvent[], split: Partial<Split> = {}) {
  return collectUnits(await storeOf(events), rowOf, { ...SPLIT, ...split });
}

describe('users of a time split', () => {
  it('have what lies before the split as history and what they buy in the test period as truth', async () => {
    const [unit, ...others] = await collect([
      { who: 'u1', item: 'i1', atS: 10 },
      { who: 'u1', item: 'i2', type: 'view', atS: 99 },
      { who: 'u1', item: 'i3', atS: 100 },
      { who: 'u1', item: 'i4', type: 'view', atS: 150 },
      { who: 'u1', item: 'i1', atS: 199 },
      { who: 'u1', item: 'i5', atS: 200 },
    ]);
    expect(others).toEqual([]);
    expect(unit).toMatchObject({ id: 'u1', kind: 'user', requestS: 100, unseenTruth: [] });
    expect(unit!.history.itemIds).toEqual(['i1', 'i2']);
    expect([...unit!.history.types]).toEqual([EVENT_CODE.purchase, EVENT_CODE.view]);
    expect([...unit!.history.timesS]).toEqual([10, 99]);
    expect([...unit!.truth].sort()).toEqual([1, 3]);
    expect([...unit!.bought]).toEqual([1]);
  });

  it('lose what they bought before from the truth in new-only, but not what they only viewed', async () => {
    const [unit] = await collect(
      [
        { who: 'u1', item: 'i1', atS: 10 },
        { who: 'u1', item: 'i2', type: 'view', atS: 20 },
        { who: 'u1', item: 'i1', atS: 110 },
        { who: 'u1', item: 'i2', atS: 120 },
      ],
      { mode: 'new-only' },
    );
    expect([...unit!.truth]).toEqual([2]);
  });

  it('count items that the release does not know apart', async () => {
    const [unit] = await collect([
      { who: 'u1', item: 'i1', atS: 110 },
      { who: 'u1', item: 'newcomer', atS: 120 },
      { who: 'u1', item: 'newcomer', atS: 130 },
    ]);
    expect([...unit!.truth]).toEqual([1]);
    expect(unit!.unseenTruth).toEqual(['newcomer']);
  });

  it('are left out without anything relevant, and come in the order of their ids', async () => {
    const units = await collect([
      { who: 'u3', item: 'i1', atS: 110 },
      { who: 'u1', item: 'i1', atS: 120 },
      { who: 'u2', item: 'i1', type: 'view', atS: 130 },
      { who: 'u4', item: 'i1', atS: 50 },
    ]);
    expect(units.map(({ id }) => id)).toEqual(['u1', 'u3']);
    expect(units[0]!.history.itemIds).toEqual([]);
  });

  it.each([
    ['purchase', [1]],
    ['add_to_cart', [1, 2]],
    ['any', [1, 2, 3]],
  ] as const)('are judged by the label %s', async (label, rows) => {
    const events: LoggedEvent[] = [
      { who: 'u1', item: 'i1', atS: 110 },
      { who: 'u1', item: 'i2', type: 'add_to_cart', atS: 120 },
      { who: 'u1', item: 'i3', type: 'view', atS: 130 },
      { who: 'u1', item: 'i4', type: 'impression', atS: 140 },
    ];
    const [unit] = await collect(events, { label });
    expect([...unit!.truth]).toEqual(rows);
  });
});

describe('anonymous sessions of the test period', () => {
  it('are cut where the first relevant event follows an earlier one', async () => {
    const [unit] = await collect([
      { who: 's1', item: 'i1', type: 'view', atS: 110 },
      { who: 's1', item: 'i2', type: 'view', atS: 115 },
      { who: 's1', item: 'i3', atS: 120 },
      { who: 's1', item: 'i4', type: 'view', atS: 125 },
      { who: 's1', item: 'i5', atS: 130 },
    ]);
    expect(unit).toMatchObject({ id: 's1', kind: 'session', requestS: 120 });
    expect(unit!.history.itemIds).toEqual(['i1', 'i2']);
    expect([...unit!.truth].sort()).toEqual([3, 5]);
  });

  it('keep a first event that is relevant itself as history, since nobody could have been asked before it', async () => {
    const [unit] = await collect(
      [
        { who: 's1', item: 'i1', atS: 110 },
        { who: 's1', item: 'i2', atS: 120 },
      ],
      { mode: 'new-only' },
    );
    expect(unit!.history.itemIds).toEqual(['i1']);
    expect([...unit!.bought]).toEqual([1]);
    expect([...unit!.truth]).toEqual([2]);
  });

  it('are no units when they have one event only, or a user', async () => {
    expect(await collect([{ who: 's1', item: 'i1', atS: 110 }])).toEqual([]);
  });
});
