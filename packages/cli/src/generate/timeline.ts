/** Something that happened at a time. */
interface Timed {
  readonly timeS: number;
}

/**
 * Puts happenings of overlapping visits into time order while they stream by. Visits start in time order and last at
 * most an hour, so whatever is older than the newest start can go out: memory is bounded by the visits that overlap
 * (for 10,000,000 events in 90 days 933 entries at most), not by the length of the log. A binary heap; equal times
 * keep the order in which they came.
 */
export class Timeline<T extends Timed> {
  private readonly heap: { entry: T; order: number }[] = [];
  private order = 0;
  /** The most entries that were ever held at once. */
  peak = 0;

  get size(): number {
    return this.heap.length;
  }

  push(entry: T): void {
    const { heap } = this;
    let index = heap.length;
    heap.push({ entry, order: this.order++ });
    this.peak = Math.max(this.peak, heap.length);
    for (let parent = (index - 1) >> 1; index > 0 && this.before(index, parent); parent = (index - 1) >> 1) {
      this.swap(index, parent);
      index = parent;
    }
  }

  /** The oldest entry if it is older than `beforeS`, else undefined. */
  shift(beforeS: number): T | undefined {
    const { heap } = this;
    const first = heap[0];
    if (first === undefined || first.entry.timeS >= beforeS) return undefined;
    const last = heap.pop()!;
    if (heap.length > 0) {
      heap[0] = last;
      this.sink();
    }
    return first.entry;
  }

  private sink(): void {
    const { length } = this.heap;
    for (let index = 0; ;) {
      const left = 2 * index + 1;
      const right = left + 1;
      let first = index;
      if (left < length && this.before(left, first)) first = left;
      if (right < length && this.before(right, first)) first = right;
      if (first === index) return;
      this.swap(index, first);
      index = first;
    }
  }

  private before(a: number, b: number): boolean {
    const [x, y] = [this.heap[a]!, this.heap[b]!];
    return x.entry.timeS !== y.entry.timeS ? x.entry.timeS < y.entry.timeS : x.order < y.order;
  }

  private swap(a: number, b: number): void {
    const { heap } = this;
    [heap[a], heap[b]] = [heap[b]!, heap[a]!];
  }
}
