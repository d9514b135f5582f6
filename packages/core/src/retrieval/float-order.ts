/** Bits of a digit: three of them hold the 32 bits of a float. */
const DIGIT = 11;
const BUCKETS = 1 << DIGIT;
const MASK = BUCKETS - 1;

let capacity = 1024;
let floats = new Float32Array(capacity);
/** The same memory. The bits of a non-negative float32 are in the order of the numbers. */
let bits = new Uint32Array(floats.buffer);
let keys = new Uint32Array(capacity);
let order = new Int32Array(capacity);
const low = new Int32Array(BUCKETS);
const middle = new Int32Array(BUCKETS);
const high = new Int32Array(BUCKETS);

/**
 * Writes the numbers 0 .. count - 1 into `out` in descending order of `values`, `[count]`, float32, >= 0; equal values keep
 * the lower number first. A radix sort in three passes, O(count): comparing would guess half of the branches wrong
 * (bench/stages.bench.ts, serve.order.*: 500 in a fifth of the time that `sort` with a function takes).
 */
export function orderDescending(values: Float32Array, count: number, out: Int32Array): void {
  if (count > capacity) grow(count);
  floats.set(values.length === count ? values : values.subarray(0, count));
  low.fill(0);
  middle.fill(0);
  high.fill(0);
  for (let i = 0; i < count; i++) {
    // Turned around, so that ascending is descending, and equal ones keep their order.
    const key = ~bits[i]!;
    low[key & MASK]! += 1;
    middle[(key >>> DIGIT) & MASK]! += 1;
    high[key >>> (2 * DIGIT)]! += 1;
  }
  sumUp(low);
  sumUp(middle);
  sumUp(high);
  for (let i = 0; i < count; i++) {
    const key = ~bits[i]!;
    const place = low[key & MASK]!++;
    keys[place] = key;
    out[place] = i;
  }
  for (let i = 0; i < count; i++) {
    const key = keys[i]!;
    const place = middle[(key >>> DIGIT) & MASK]!++;
    bits[place] = key;
    order[place] = out[i]!;
  }
  for (let i = 0; i < count; i++) out[high[bits[i]! >>> (2 * DIGIT)]!++] = order[i]!;
}

/** From how many there are of each to where the first one goes. */
function sumUp(counts: Int32Array): void {
  let sum = 0;
  for (let b = 0; b < BUCKETS; b++) {
    const here = counts[b]!;
    counts[b] = sum;
    sum += here;
  }
}

function grow(count: number): void {
  capacity = 2 * count;
  floats = new Float32Array(capacity);
  bits = new Uint32Array(floats.buffer);
  keys = new Uint32Array(capacity);
  order = new Int32Array(capacity);
}
