/**
 * Weighted sums of rows of a sparse matrix, for one request at a time.
 * packages/core/src/retrieval/list-sums.ts loads it and is its only caller; it lays the memory out.
 *
 * Either `dense`, one sum for every row, or hashed: pairs of (row + 1, sum), open addressing, 0 is empty. Sums are float32, in
 * the order of the additions, whichever it is.
 */

/** 2^32 / golden ratio: spreads rows that follow each other. Source: Knuth, TAOCP 3, section 6.4. */
const SPREAD: u32 = 0x9e3779b1;
const PAIR: usize = 3;
const WORD: usize = 2;

/** f32[rowCount], or the pairs. */
let sums: usize = 0;
/** Of the pairs in use, log2. */
let bits: u32 = 0;
let bitsMax: u32 = 0;
/** Where the pairs in use lie, u32[rowCount]. */
let taken: usize = 0;
let count: i32 = 0;
/** What `collect` writes, i32[rowCount] and f32[rowCount]. */
let rows: usize = 0;
let values: usize = 0;

/** `cellBitsMax`: log2 of the pairs that there is room for, more than twice as many as rows; 0 for dense sums. */
export function place(sumsAt: usize, cellBitsMax: u32, takenAt: usize, rowsAt: usize, valuesAt: usize): void {
  sums = sumsAt;
  bitsMax = cellBitsMax;
  taken = takenAt;
  rows = rowsAt;
  values = valuesAt;
}

/** No sums of `rowCount`, dense. */
export function beginDense(rowCount: i32): void {
  memory.fill(sums, 0, (<usize>rowCount) << WORD);
}

/** Adds `weight * scores[i]` to row `neighbors[i]` for the first `length`, dense. */
export function addDense(neighbors: usize, scores: usize, length: i32, weight: f32): void {
  const end = neighbors + ((<usize>length) << WORD);
  for (; neighbors < end; neighbors += 4, scores += 4) {
    const sum = sums + ((<usize>load<u32>(neighbors)) << WORD);
    store<f32>(sum, load<f32>(sum) + weight * load<f32>(scores));
  }
}

/** Writes the rows whose sums are above 0 and these, ascending by row, dense. Returns how many. */
export function collectDense(rowCount: i32): i32 {
  let found: usize = 0;
  for (let row = 0; row < rowCount; row++) {
    const sum = load<f32>(sums + ((<usize>row) << WORD));
    store<i32>(rows + found, row);
    store<f32>(values + found, sum);
    if (sum > 0) found += 4;
  }
  return <i32>(found >> WORD);
}

/** No sums, hashed; room for about as many rows as `expected`. O(rows that had sums). */
export function beginHashed(expected: i32): void {
  clear();
  bits = 8;
  while (bits < bitsMax && 1 << bits < 2 * expected) bits += 1;
}

/** As `addDense`, hashed. */
export function addHashed(neighbors: usize, scores: usize, length: i32, weight: f32): void {
  while (bits < bitsMax && 2 * (count + length) > 1 << bits) grow();
  const end = neighbors + ((<usize>length) << WORD);
  for (; neighbors < end; neighbors += 4, scores += 4) addOne(load<u32>(neighbors), weight * load<f32>(scores));
}

/** As `collectDense`, hashed, in order of the first additions. */
export function collectHashed(): i32 {
  let found: usize = 0;
  for (let i = 0; i < count; i++) {
    const cell = cellAt(i);
    const sum = load<f32>(cell, 4);
    store<i32>(rows + found, load<u32>(cell) - 1);
    store<f32>(values + found, sum);
    if (sum > 0) found += 4;
  }
  return <i32>(found >> WORD);
}

/** Of the pairs in use, log2: row r is looked for from pair r * SPREAD >>> 32 - cellBits on. */
export function cellBits(): u32 {
  return bits;
}

function addOne(row: u32, value: f32): void {
  const mask: u32 = (1 << bits) - 1;
  for (let at: u32 = (row * SPREAD) >> (32 - bits); ; at = (at + 1) & mask) {
    const cell = sums + ((<usize>at) << PAIR);
    const known = load<u32>(cell);
    if (known == row + 1) {
      store<f32>(cell, load<f32>(cell, 4) + value, 4);
      return;
    }
    if (known == 0) {
      store<u32>(cell, row + 1);
      store<f32>(cell, value, 4);
      store<u32>(taken + ((<usize>count) << WORD), at);
      count += 1;
      return;
    }
  }
}

/** Twice as many pairs; `rows` and `values` hold them meanwhile. */
function grow(): void {
  const before = count;
  for (let i = 0; i < before; i++) {
    const cell = cellAt(i);
    store<u32>(rows + ((<usize>i) << WORD), load<u32>(cell) - 1);
    store<f32>(values + ((<usize>i) << WORD), load<f32>(cell, 4));
  }
  clear();
  bits += 1;
  for (let i = 0; i < before; i++)
    addOne(load<u32>(rows + ((<usize>i) << WORD)), load<f32>(values + ((<usize>i) << WORD)));
}

function clear(): void {
  for (let i = 0; i < count; i++) store<u32>(cellAt(i), 0);
  count = 0;
}

function cellAt(i: i32): usize {
  return sums + ((<usize>load<u32>(taken + ((<usize>i) << WORD))) << PAIR);
}
