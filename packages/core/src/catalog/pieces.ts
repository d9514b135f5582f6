/**
 * Work that may be interrupted wherever it yields, about every millisecond: a pod that serves loads a release like that
 * (release/pace.ts), while tools and training finish it at once.
 */
export type Pieces<T> = Generator<undefined, T>;

/** Steps of a cheap loop (a copy, a comparison, an addition) between two yields. */
export const PIECE = 1 << 16;

export function atOnce<T>(work: Pieces<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}
