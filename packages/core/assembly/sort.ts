import { FINE_HISTOGRAM, IDS, KEYS, SORTED_IDS, SORTED_KEYS } from './layout';

/** Buckets of the first pass; the room is that of the fine histogram, which nobody uses then. */
const BUCKETS: i32 = 4096;

/**
 * Sorts `count` keys with their ids: keys falling, equal keys by rising id. Keys go into buckets, about one each, by their
 * share of the range; one pass of insertion does the rest. O(count) for scores, O(count^2) only for keys all but equal.
 */
export function sortByKey(count: i32): void {
  if (count === 0) return;
  let lowest = load<f64>(KEYS);
  let highest = lowest;
  for (let i = 1; i < count; i++) {
    const key = load<f64>(KEYS + ((<usize>i) << 3));
    lowest = min(lowest, key);
    highest = max(highest, key);
  }
  let buckets = 16;
  while (buckets < count && buckets < BUCKETS) buckets <<= 1;
  const scale: f64 = highest > lowest ? <f64>(buckets - 1) / (highest - lowest) : 0;
  memory.fill(FINE_HISTOGRAM, 0, (<usize>buckets) << 2);
  for (let i = 0; i < count; i++) {
    const bucket = bucketOf(load<f64>(KEYS + ((<usize>i) << 3)), highest, scale);
    store<i32>(bucket, load<i32>(bucket) + 1);
  }
  let before = 0;
  for (let b = 0; b < buckets; b++) {
    const at = FINE_HISTOGRAM + ((<usize>b) << 2);
    const size = load<i32>(at);
    store<i32>(at, before);
    before += size;
  }
  for (let i = 0; i < count; i++) {
    const key = load<f64>(KEYS + ((<usize>i) << 3));
    const bucket = bucketOf(key, highest, scale);
    const place = load<i32>(bucket);
    store<i32>(bucket, place + 1);
    store<f64>(SORTED_KEYS + ((<usize>place) << 3), key);
    store<i32>(SORTED_IDS + ((<usize>place) << 2), load<i32>(IDS + ((<usize>i) << 2)));
  }
  insertAll(count);
}

function bucketOf(key: f64, highest: f64, scale: f64): usize {
  return FINE_HISTOGRAM + ((<usize>((highest - key) * scale)) << 2);
}

function insertAll(count: i32): void {
  for (let i = 1; i < count; i++) {
    const key = load<f64>(SORTED_KEYS + ((<usize>i) << 3));
    const id = load<i32>(SORTED_IDS + ((<usize>i) << 2));
    let at = i;
    while (at > 0) {
      const other = load<f64>(SORTED_KEYS + ((<usize>(at - 1)) << 3));
      if (other > key || (other === key && load<i32>(SORTED_IDS + ((<usize>(at - 1)) << 2)) < id)) break;
      store<f64>(SORTED_KEYS + ((<usize>at) << 3), other);
      store<i32>(SORTED_IDS + ((<usize>at) << 2), load<i32>(SORTED_IDS + ((<usize>(at - 1)) << 2)));
      at--;
    }
    store<f64>(SORTED_KEYS + ((<usize>at) << 3), key);
    store<i32>(SORTED_IDS + ((<usize>at) << 2), id);
  }
}
