import type { MinShare } from '../../rules/compiled-rules.ts';
import type { CapCounter } from './caps.ts';

/**
 * Holds back slots for the minimum shares: for each rule the best ranked items that satisfy it and fit the caps.
 *
 * Reserved items are counted in the caps from the start, so nothing picked later can take their room, and a reserved
 * item is released as soon as the picks themselves satisfy its rules. So the shares are reached whenever the candidates
 * allow it for one rule under caps (greedy on a partition matroid is optimal); several rules are served in file order.
 */
export class Reservation {
  /** 1 = held back, by position in the ranked order. */
  readonly reserved: Uint8Array;
  /** Reserved items that are not in the slate yet. */
  remaining = 0;
  readonly #rules: readonly MinShare[];
  readonly #ranked: Int32Array;
  readonly #caps: CapCounter;
  readonly #needs: readonly number[];
  readonly #have: number[];

  /** `ranked`: rows, best first. `open(p)`: position p is not in the slate. `room`: slots that may be reserved. */
  constructor(
    rules: readonly MinShare[],
    slate: { readonly size: number; readonly room: number; readonly placed: readonly number[] },
    ranked: Int32Array,
    caps: CapCounter,
    open: (position: number) => boolean,
  ) {
    this.#rules = rules;
    this.#ranked = ranked;
    this.#caps = caps;
    this.reserved = new Uint8Array(rules.length === 0 ? 0 : ranked.length);
    this.#needs = rules.map(({ share }) => Math.ceil(share * slate.size - 1e-9));
    this.#have = rules.map(({ matches }) => slate.placed.filter(matches).length);
    rules.forEach((rule, j) => {
      for (let p = 0; p < ranked.length && this.#have[j]! < this.#needs[j]!; p++) {
        if (this.remaining === slate.room) return;
        const row = ranked[p]!;
        if (this.reserved[p] === 1 || !open(p) || !rule.matches(row) || !caps.fits(row)) continue;
        this.reserved[p] = 1;
        this.remaining += 1;
        caps.add(row);
        this.#count(row, 1);
      }
    });
  }

  /** Position `p` goes into the slate. True when it had been reserved (then the caps know it already). */
  take(p: number): boolean {
    if (this.#rules.length === 0) return false;
    if (this.reserved[p] === 1) {
      this.reserved[p] = 0;
      this.remaining -= 1;
      return true;
    }
    this.#count(this.#ranked[p]!, 1);
    for (let q = this.#ranked.length - 1; q >= 0 && this.remaining > 0; q--)
      if (this.reserved[q] === 1 && this.#isSurplus(q)) this.#release(q);
    return false;
  }

  #isSurplus(q: number): boolean {
    return this.#rules.every(({ matches }, j) => !matches(this.#ranked[q]!) || this.#have[j]! > this.#needs[j]!);
  }

  #release(q: number): void {
    this.reserved[q] = 0;
    this.remaining -= 1;
    this.#caps.remove(this.#ranked[q]!);
    this.#count(this.#ranked[q]!, -1);
  }

  #count(row: number, by: number): void {
    this.#rules.forEach(({ matches }, j) => {
      if (matches(row)) this.#have[j]! += by;
    });
  }
}
