import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { CoVisitation } from '../../src/aggregator/co-visitation.ts';

const DAY_S = 86_400;
const TODAY_S = 20_000 * DAY_S;
const ITEM_IDS = ['a', 'b', 'c', 'd', 'e'];

interface Event {
  readonly unit: string;
  readonly itemId: string;
  readonly type: number;
  readonly timeS: number;
}
const event: fc.Arbitrary<Event> = fc.record({
  unit: fc.constantFrom('u:1', 'u:2', 's:3'),
  itemId: fc.constantFrom(...ITEM_IDS),
  type: fc.constantFrom(EVENT_CODE.view, EVENT_CODE.purchase, EVENT_CODE.impression),
  timeS: fc.integer({ min: TODAY_S - 3 * DAY_S, max: TODAY_S + DAY_S - 1 }),
});
const NOW_S = TODAY_S + 3600;

function visited(events: readonly Event[], visitsMax = 1000): CoVisitation {
  const visits = new CoVisitation({ visitsMax });
  for (const one of events) visits.add(one, NOW_S);
  return visits;
}
const lists = (visits: CoVisitation) => ITEM_IDS.map((itemId) => visits.neighborsOf(itemId));

describe('live co-visitation', () => {
  it('is the same whatever the order and however often events come', () => {
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 40 }).chain((events) =>
          fc.tuple(
            fc.constant(events),
            fc.shuffledSubarray([...events, ...events], {
              minLength: 2 * events.length,
              maxLength: 2 * events.length,
            }),
          ),
        ),
        ([events, again]) => {
          expect(lists(visited(again))).toEqual(lists(visited(events)));
        },
      ),
    );
  });

  it('counts common visits of a day, today and yesterday only, and no mere impressions', () => {
    const view = (unit: string, itemId: string, daysAgo: number): Event => ({
      ...{ unit, itemId, type: EVENT_CODE.view, timeS: TODAY_S - daysAgo * DAY_S },
    });
    const visits = visited([
      ...[view('u:1', 'a', 0), view('u:1', 'b', 0), view('u:2', 'a', 1), view('u:2', 'b', 1)],
      // Too old; on different days; not looked at.
      ...[view('u:3', 'a', 2), view('u:3', 'c', 2), view('u:4', 'a', 0), view('u:4', 'd', 1)],
      { ...view('u:1', 'e', 0), type: EVENT_CODE.impression },
    ]);
    // a: 3 visits, b: 2, both: 2; shrunk by 2 / (2 + 5).
    expect(visits.neighborsOf('a')).toEqual({ neighborIds: ['b'], scores: [(2 / Math.sqrt(6)) * (2 / 7)] });
    expect(visits.neighborsOf('c').neighborIds).toEqual([]);
    visits.forgetUnits(new Set(['u:2']));
    expect(visits.neighborsOf('a').scores).toEqual([(1 / Math.sqrt(2)) * (1 / 6)]);
    visits.forgetBefore(TODAY_S + 2 * DAY_S);
    expect(visits.neighborsOf('a').neighborIds).toEqual([]);
  });

  it('leaves out who touches more than 50 items a day', () => {
    const touched = Array.from({ length: 51 }, (_, n) => `item ${n}`);
    const events = touched.map((itemId) => ({ unit: 's:till', itemId, type: EVENT_CODE.view, timeS: TODAY_S }));
    const visits = visited(events.slice(0, 50));
    expect(visits.neighborsOf('item 0').neighborIds).toHaveLength(20);
    visits.add(events[50]!, NOW_S);
    expect(visits.neighborsOf('item 0').neighborIds).toEqual([]);
  });

  it('keeps the newest visits when there are too many, and says which lists changed, once', () => {
    const pair = (unit: string, one: string, other: string, timeS: number) =>
      [one, other].map((itemId) => ({ unit, itemId, type: EVENT_CODE.view, timeS }));
    const visits = visited([...pair('u:1', 'a', 'b', TODAY_S - DAY_S), ...pair('u:2', 'c', 'd', TODAY_S)], 2);
    visits.takeChanged(NOW_S, 100, () => true);
    for (const one of pair('u:3', 'c', 'e', TODAY_S)) visits.add(one, NOW_S);
    expect(visits.neighborsOf('a').neighborIds).toEqual([]);
    const changed = visits.takeChanged(NOW_S, 100, () => true);
    expect(changed.items.map(({ itemId }) => itemId).sort()).toEqual(['a', 'b', 'c', 'e']);
    expect(visits.takeChanged(NOW_S, 100, () => true).items).toEqual([]);
  });
});
