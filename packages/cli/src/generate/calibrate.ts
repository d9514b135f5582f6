import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import {
  affinity,
  appeal,
  CART_SCALE,
  CLICK_SCALE,
  examined,
  PURCHASE_SCALE,
  sigmoid,
  type Calibration,
} from './choice.ts';
import type { ItemTable } from './item-table.ts';
import { fromS, type GeneratorParameters } from './parameters.ts';
import type { ShopperTable } from './shoppers.ts';
import { Visits, VISIT_S_MAX, type ShownSlate } from './visit.ts';

/** What the shop's events add up to: 80 % views, 15 % carts, 5 % purchases. */
const CART_PER_VIEW = 15 / 80;
const PURCHASE_PER_CART = 5 / 15;
const CLICK_PER_LOOK = 0.16;
const PILOT_VISITS = 3_000;
const START: Calibration = { clickBias: -3, cartBias: -3, purchaseBias: -2 };

/**
 * Finds the biases of the choice model with which the shop's funnel has the wanted shares, by playing pilot visits that
 * nobody sees. Once per shop; the result is written to generator.json, so that the oracle need not repeat it.
 */
export function calibrate(parameters: GeneratorParameters, items: ItemTable, shoppers: ShopperTable): Calibration {
  const looks: number[] = [];
  const lookWeights: number[] = [];
  pilot(parameters, items, shoppers, START, {
    slate({ user, rows, timeS }) {
      rows.forEach((row, index) => {
        looks.push(CLICK_SCALE * appeal(items, shoppers, user, row, timeS));
        lookWeights.push(examined(index + 1));
      });
    },
    viewed: () => undefined,
  });
  const clickBias = solveBias(looks, lookWeights, CLICK_PER_LOOK);

  const liked: number[] = [];
  pilot(
    parameters,
    items,
    shoppers,
    { ...START, clickBias },
    {
      slate: () => undefined,
      viewed: (user, row) => liked.push(affinity(items, shoppers, user, row)),
    },
  );
  const cartScores = liked.map((liking) => CART_SCALE * liking);
  const cartBias = solveBias(
    cartScores,
    cartScores.map(() => 1),
    CART_PER_VIEW,
  );
  const carts = cartScores.map((score) => sigmoid(score + cartBias));
  const purchaseBias = solveBias(
    liked.map((liking) => PURCHASE_SCALE * liking),
    carts,
    PURCHASE_PER_CART,
  );
  return { clickBias, cartBias, purchaseBias };
}

function pilot(
  parameters: GeneratorParameters,
  items: ItemTable,
  shoppers: ShopperTable,
  calibration: Calibration,
  observe: { slate(shown: ShownSlate): void; viewed(user: number, row: number): void },
): void {
  const visits = new Visits({
    parameters,
    items,
    shoppers,
    calibration,
    stream: 'pilot',
    sink: {
      slate: (shown) => observe.slate(shown),
      event: ({ type, user, row }) => {
        if (type === EVENT_CODE.view) observe.viewed(user, row);
        return true;
      },
    },
  });
  const from = fromS(parameters);
  const spanS = parameters.untilS - VISIT_S_MAX - from;
  for (let visit = 0; visit < PILOT_VISITS; visit++) visits.play(visit, from + (spanS * visit) / PILOT_VISITS);
}

/** The bias at which the weighted mean of sigmoid(score + bias) is `target`: bisection, the mean rises with the bias. */
function solveBias(scores: readonly number[], weights: readonly number[], target: number): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let [low, high] = [-20, 20];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    const mean = scores.reduce((sum, score, index) => sum + weights[index]! * sigmoid(score + middle), 0) / total;
    if (mean < target) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
