import type { LiveTrending } from '@shortlist/core/contracts/live.ts';
import { counterChannel } from '@shortlist/core/features/item-counters.ts';
import type { CounterState } from './counter-state.ts';

const ITEMS_MAX = { overall: 1_000, perCategory: 200 };

/** Views, additions to the cart and purchases with half-lives of a day or a week, weighed as interest is: 1, 3, 5. */
const WINDOWS = ['1d', '7d'].map((window) => ({
  window,
  terms: [
    { column: counterChannel(`views_${window}`), weight: 1 },
    { column: counterChannel(`carts_${window}`), weight: 3 },
    { column: counterChannel(`purchases_${window}`), weight: 5 },
  ],
}));

/** Rows between two turns of the event loop: heartbeats must go out meanwhile. */
const ROWS_PER_TURN = 10_000;

interface Scored {
  readonly itemId: string;
  readonly score: number;
}

/** Best first; equal ones by id, so that nothing depends on the order of arrival. */
const byScore = (a: Scored, b: Scored) => b.score - a.score || (a.itemId < b.itemId ? -1 : 1);

/**
 * What is looked at, put into carts and bought most as of `nowS`, overall and per category, among the items that
 * `categoryOf` knows. O(items).
 */
export async function trendingLists(
  state: CounterState,
  categoryOf: ReadonlyMap<string, string>,
  nowS: number,
): Promise<LiveTrending> {
  const lists: { window: string; category: string; itemIds: string[]; scores: number[] }[] = [];
  for (const { window, terms } of WINDOWS) {
    const overall: Scored[] = [];
    const byCategory = new Map<string, Scored[]>();
    for (let row = 0; row < state.itemIds.length; row++) {
      if (row % ROWS_PER_TURN === ROWS_PER_TURN - 1) await new Promise(setImmediate);
      const itemId = state.itemIds[row]!;
      const category = categoryOf.get(itemId);
      if (category === undefined) continue;
      let score = 0;
      for (const { column, weight } of terms) score += weight * state.counters.valueAt(row, column, nowS);
      if (score <= 0) continue;
      const scored = { itemId, score };
      overall.push(scored);
      if (category === '') continue;
      const ofCategory = byCategory.get(category);
      if (ofCategory === undefined) byCategory.set(category, [scored]);
      else ofCategory.push(scored);
    }
    const add = (category: string, scored: Scored[], max: number) => {
      const best = scored.sort(byScore).slice(0, max);
      lists.push({
        window,
        category,
        itemIds: best.map(({ itemId }) => itemId),
        scores: best.map(({ score }) => score),
      });
    };
    add('', overall, ITEMS_MAX.overall);
    for (const [category, scored] of [...byCategory].sort(([a], [b]) => (a < b ? -1 : 1)))
      add(category, scored, ITEMS_MAX.perCategory);
  }
  return { kind: 'trending', madeS: nowS, lists };
}
