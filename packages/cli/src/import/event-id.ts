import { hash } from 'node:crypto';

const SEPARATOR = '\u001f';
const HASH_CHARACTERS = 20;

/** A short name (120 bits, base64url) made from `parts`: the same on every machine and in every run. */
export function nameOf(parts: readonly (string | number | null)[]): string {
  return hash('sha256', parts.join(SEPARATOR), 'base64url').slice(0, HASH_CHARACTERS);
}

/**
 * Counts how often each name was seen, in 10 bytes per distinct name instead of the ~100 of a Map: an open-addressing
 * table over the first 64 bits. Two names that agree in those count as one, which costs nothing: the number is only
 * put behind the full name, to tell equal events apart.
 */
export class OccurrenceCounter {
  #keys: BigUint64Array;
  #counts: Uint16Array;
  #size = 0;

  constructor(capacity = 1 << 12) {
    this.#keys = new BigUint64Array(capacity);
    this.#counts = new Uint16Array(capacity);
  }

  /** How often `name` was seen before; counts this time. Amortised O(1). */
  next(name: string): number {
    if (this.#size * 2 > this.#keys.length) this.#grow();
    const key = Buffer.from(name, 'base64url').readBigUInt64LE(0);
    const slot = this.#slotOf(key);
    const count = this.#counts[slot]!;
    if (count === 0) {
      this.#keys[slot] = key;
      this.#size += 1;
    }
    this.#counts[slot] = Math.min(count + 1, 65_535);
    return count;
  }

  #slotOf(key: bigint): number {
    const mask = this.#keys.length - 1;
    let slot = Number(key & 0xffff_ffffn) & mask;
    while (this.#counts[slot]! !== 0 && this.#keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [keys, counts] = [this.#keys, this.#counts];
    this.#keys = new BigUint64Array(keys.length * 2);
    this.#counts = new Uint16Array(keys.length * 2);
    for (let i = 0; i < keys.length; i++) {
      if (counts[i] === 0) continue;
      const slot = this.#slotOf(keys[i]!);
      this.#keys[slot] = keys[i]!;
      this.#counts[slot] = counts[i]!;
    }
  }
}
