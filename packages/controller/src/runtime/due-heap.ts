interface Due {
  readonly key: string;
  readonly atMs: number;
  /** Of equal times the first added comes first. */
  readonly order: number;
}

/** Keys by when they are due: a binary heap, O(log n). A key may be in it several times. */
export class DueHeap {
  readonly #heap: Due[] = [];
  #order = 0;

  get first(): Due | undefined {
    return this.#heap[0];
  }

  get size(): number {
    return this.#heap.length;
  }

  push(key: string, atMs: number): void {
    const heap = this.#heap;
    const added = { key, atMs, order: this.#order++ };
    let at = heap.length;
    heap.push(added);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(added, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = added;
  }

  pop(): Due | undefined {
    const heap = this.#heap;
    const [top] = heap;
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}

const isBefore = (a: Due, b: Due): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
