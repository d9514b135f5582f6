import { hash } from 'node:crypto';

/** Bytes of an event key. */
export const KEY_BYTES = 16;

/** Names an event in 16 bytes: the first half of SHA-256 of its id. */
export function eventKey(eventId: string): Buffer {
  return hash('sha256', eventId, 'buffer').subarray(0, KEY_BYTES);
}

/** How many events `EventKeys` can sort: the index shares a float64's 53 bits with 32 bits of the key. */
const INDEX_LIMIT = 2 ** 21;

/** The keys of some events, and their order. */
export class EventKeys {
  #bytes: Buffer;
  #count = 0;
  #sorted: Int32Array | undefined;

  constructor(eventIds: readonly string[] = []) {
    this.#bytes = Buffer.allocUnsafe(Math.max(eventIds.length, 64) * KEY_BYTES);
    for (const id of eventIds) this.add(id);
  }

  get count(): number {
    return this.#count;
  }

  /** Uint8Array [count, 16], row-major; valid until the next `add`. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#count * KEY_BYTES);
  }

  /**
   * Indexes of the distinct keys' first events, ascending by key; sorted when it is first asked for.
   * @throws when there are more than 2,097,152 keys
   */
  get sorted(): Int32Array {
    return (this.#sorted ??= this.#sort());
  }

  add(eventId: string): void {
    const start = this.#count * KEY_BYTES;
    if (start === this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], start * 2);
    // A string is quicker to make than a Buffer, and short enough to copy by hand.
    const digest = hash('sha256', eventId, 'binary');
    for (let b = 0; b < KEY_BYTES; b++) this.#bytes[start + b] = digest.charCodeAt(b);
    this.#count += 1;
    this.#sorted = undefined;
  }

  /** The key of event `i`; shares its memory with `bytes`. */
  at(i: number): Buffer {
    return this.#bytes.subarray(i * KEY_BYTES, (i + 1) * KEY_BYTES);
  }

  /** The first 16 hex digits of key `i`, as log messages carry it. */
  shortHex(i: number): string {
    return this.#bytes.toString('hex', i * KEY_BYTES, i * KEY_BYTES + 8);
  }

  #compare(a: number, b: number): number {
    const [startA, startB] = [a * KEY_BYTES, b * KEY_BYTES];
    return this.#bytes.compare(this.#bytes, startB, startB + KEY_BYTES, startA, startA + KEY_BYTES);
  }

  /** Sorts numbers (native and quick): 32 bits of the key, then the index; the few ties are settled by the rest. */
  #sort(): Int32Array {
    if (this.count > INDEX_LIMIT) throw new Error(`${this.count} keys are too many to sort at once`);
    const codes = new Float64Array(this.count);
    for (let i = 0; i < this.count; i++) codes[i] = this.#bytes.readUInt32BE(i * KEY_BYTES) * INDEX_LIMIT + i;
    codes.sort();
    const sorted = new Int32Array(this.count);
    let distinct = 0;
    for (let start = 0; start < this.count;) {
      const prefix = Math.floor(codes[start]! / INDEX_LIMIT);
      let end = start + 1;
      while (end < this.count && Math.floor(codes[end]! / INDEX_LIMIT) === prefix) end += 1;
      const run = Array.from(codes.subarray(start, end), (code) => code % INDEX_LIMIT);
      if (run.length > 1) run.sort((a, b) => this.#compare(a, b) || a - b);
      run.forEach((index, i) => {
        if (i > 0 && this.#compare(run[i - 1]!, index) === 0) return;
        sorted[distinct] = index;
        distinct += 1;
      });
      start = end;
    }
    return sorted.subarray(0, distinct);
  }
}
