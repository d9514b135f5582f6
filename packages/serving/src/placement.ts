/** A rule's effect on where one item stands. */
export interface Placement {
  readonly rule: string;
  /** What a merchant reads: `pinned to slot 1`, `x 1.5: rank 12 to 4`. */
  readonly effect: string;
}
