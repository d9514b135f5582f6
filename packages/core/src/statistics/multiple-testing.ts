/**
 * Adjusted p-values: reject where the adjusted value is <= alpha. A p-value that is not a number stays so and still
 * counts as a member of the family: a comparison whose data are missing does not make the others easier.
 */
export type Adjust = (pValues: readonly number[]) => number[];

/** Family-wise error: p * m. */
export const bonferroni: Adjust = (pValues) => pValues.map((p) => Math.min(1, p * pValues.length));

/** Family-wise error, never weaker than Bonferroni. Source: Holm 1979. */
export const holm: Adjust = (pValues) =>
  stepped(pValues, (order, adjusted) => {
    let highest = 0;
    order.forEach((index, rank) => {
      highest = Math.max(highest, Math.min(1, (pValues.length - rank) * pValues[index]!));
      adjusted[index] = highest;
    });
  });

/** False discovery rate under independence or positive dependence. Source: Benjamini & Hochberg 1995. */
export const benjaminiHochberg: Adjust = (pValues) =>
  stepped(pValues, (order, adjusted) => {
    let lowest = 1;
    for (let rank = order.length - 1; rank >= 0; rank--) {
      const index = order[rank]!;
      lowest = Math.min(lowest, (pValues[index]! * pValues.length) / (rank + 1));
      adjusted[index] = lowest;
    }
  });

function stepped(pValues: readonly number[], fill: (order: number[], adjusted: number[]) => void): number[] {
  const adjusted = pValues.map(() => NaN);
  const order = pValues.map((_, index) => index).filter((index) => !Number.isNaN(pValues[index]!));
  order.sort((a, b) => pValues[a]! - pValues[b]!);
  fill(order, adjusted);
  return adjusted;
}
