const NO_ROWS = new Int32Array(0);

/** Rows by code, each list in ascending order; grows by doubling. */
export class RowLists {
  readonly #lists: Int32Array[] = [];
  readonly #sizes: number[] = [];

  /** `codes[row]` for the first `count` rows; -1 is in no list. */
  static fromCodes(codes: Int32Array, count: number, codeCount: number): RowLists {
    const sizes = new Int32Array(codeCount);
    for (let row = 0; row < count; row++) if (codes[row]! >= 0) sizes[codes[row]!]! += 1;
    const lists = new RowLists();
    for (const size of sizes) {
      lists.#lists.push(new Int32Array(size));
      lists.#sizes.push(0);
    }
    for (let row = 0; row < count; row++) if (codes[row]! >= 0) lists.add(codes[row]!, row);
    return lists;
  }

  /** The rows of `code`; none for a code that no row has. A view that ends with the next change: not to be kept. */
  of(code: number): Int32Array {
    const size = this.#sizes[code] ?? 0;
    return size === 0 ? NO_ROWS : this.#lists[code]!.subarray(0, size);
  }

  /** Puts `row` into the list of `code`, which is made when there is none. O(1) at the end, else O(list). */
  add(code: number, row: number): void {
    while (this.#lists.length <= code) {
      this.#lists.push(NO_ROWS);
      this.#sizes.push(0);
    }
    const size = this.#sizes[code]!;
    let list = this.#lists[code]!;
    if (size === list.length) {
      list = new Int32Array(Math.max(4, 2 * size));
      list.set(this.#lists[code]!);
      this.#lists[code] = list;
    }
    const place = size === 0 || list[size - 1]! < row ? size : placeOf(list, size, row);
    list.copyWithin(place + 1, place, size);
    list[place] = row;
    this.#sizes[code] = size + 1;
  }

  /** Takes `row` out of the list of `code`, if it is there. */
  remove(code: number, row: number): void {
    const list = this.#lists[code];
    const size = this.#sizes[code] ?? 0;
    if (list === undefined) return;
    const place = placeOf(list, size, row);
    if (place === size || list[place] !== row) return;
    list.copyWithin(place, place + 1, size);
    this.#sizes[code] = size - 1;
  }
}

/** Place of the first of the ascending `list[0..size)` that is not below `row`. */
function placeOf(list: Int32Array, size: number, row: number): number {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle]! < row) low = middle + 1;
    else high = middle;
  }
  return low;
}
