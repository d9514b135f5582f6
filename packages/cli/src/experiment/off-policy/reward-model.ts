/** One item that was shown at a place. */
export interface ShownItem {
  /** Dense number of the shopper. */
  readonly user: number;
  readonly itemId: string;
  /** 0-based. */
  readonly place: number;
  readonly reward: number;
}

/** Expected reward of an item at a place, for a shopper. */
export type RewardModel = (user: number, itemId: string, place: number) => number;

/** How many places' worth of reward an item starts with, at the average: few showings say little. */
const PRIOR = 5;
const FOLDS = 2;

/**
 * What a shown item earns: the mean of its place times how the item does beside others at its places, shrunk to 1 (a
 * gamma-Poisson mean). Fitted on the shoppers of the other half, since a model that has seen the very outcomes which it
 * corrects would call them expected, and the doubly robust estimate would lean on it.
 */
export function fitRewards(shown: readonly ShownItem[]): RewardModel {
  const folds = Array.from({ length: FOLDS }, (_, fold) => fit(shown.filter(({ user }) => user % FOLDS !== fold)));
  return (user, itemId, place) => folds[user % FOLDS]!(itemId, place);
}

function fit(shown: readonly ShownItem[]): (itemId: string, place: number) => number {
  const places: { sum: number; count: number }[] = [];
  for (const { place, reward } of shown) {
    const one = (places[place] ??= { sum: 0, count: 0 });
    one.sum += reward;
    one.count += 1;
  }
  const meanAt = (place: number): number => {
    const one = places[place];
    return one === undefined ? 0 : one.sum / one.count;
  };
  const total = shown.reduce((sum, { reward }) => sum + reward, 0);
  const prior = shown.length === 0 ? 0 : (PRIOR * total) / shown.length;
  const items = new Map<string, { earned: number; expected: number }>();
  for (const { itemId, place, reward } of shown) {
    let one = items.get(itemId);
    if (one === undefined) items.set(itemId, (one = { earned: 0, expected: 0 }));
    one.earned += reward;
    one.expected += meanAt(place);
  }
  return (itemId, place) => {
    const { earned, expected } = items.get(itemId) ?? { earned: 0, expected: 0 };
    return prior + expected === 0 ? 0 : meanAt(place) * ((prior + earned) / (prior + expected));
  };
}
