import type { Cap } from '../../rules/compiled-rules.ts';

/** Counts what a slate holds of each capped group. */
export class CapCounter {
  readonly #caps: readonly Cap[];
  readonly #counts: readonly Map<number, number>[];

  constructor(caps: readonly Cap[]) {
    this.#caps = caps;
    this.#counts = caps.map(() => new Map<number, number>());
  }

  /** Index of the first cap that one more item like `row` would exceed; -1 when it fits. */
  exceededBy(row: number): number {
    for (let c = 0; c < this.#caps.length; c++) {
      const group = this.#caps[c]!.groupOf(row);
      if (group >= 0 && (this.#counts[c]!.get(group) ?? 0) >= this.#caps[c]!.max) return c;
    }
    return -1;
  }

  fits(row: number): boolean {
    return this.exceededBy(row) < 0;
  }

  add(row: number): void {
    this.#change(row, 1);
  }

  remove(row: number): void {
    this.#change(row, -1);
  }

  #change(row: number, by: number): void {
    for (let c = 0; c < this.#caps.length; c++) {
      const group = this.#caps[c]!.groupOf(row);
      if (group >= 0) this.#counts[c]!.set(group, (this.#counts[c]!.get(group) ?? 0) + by);
    }
  }
}
