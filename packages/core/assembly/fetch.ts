/** Keeps the compiler from leaving out loads whose values nobody wants. */
let touched: i32 = 0;

/**
 * Brings [from, to) into the cache: a loop of nothing but loads, so that the processor waits for many lines at once. Work
 * that waits for each in turn takes half as long again (scores of rows: 198 -> 116 us a search; lists: 121 -> 112 us).
 */
export function fetch(from: usize, to: usize): void {
  for (let line = from; line < to; line += 64) touched ^= load<i32>(line);
}

/** The same for the vectors, of `rowBytes` each, of the rows `rows`, i32[], from number `from` to number `to`. */
export function fetchRows(vectors: usize, rowBytes: usize, rows: usize, from: i32, to: i32): void {
  for (let i = from; i < to; i++) {
    const vector = vectorOf(vectors, rowBytes, rows, i);
    fetch(vector, vector + rowBytes);
  }
}

/** Where the vector of row number `i` of `rows` lies. */
export function vectorOf(vectors: usize, rowBytes: usize, rows: usize, i: i32): usize {
  return vectors + <usize>load<u32>(rows + ((<usize>i) << 2)) * rowBytes;
}
