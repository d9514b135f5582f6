import { BINS, FINE_HISTOGRAM, HISTOGRAM, HITS, HITS_MAX } from './layout';
import { binShift, scoreLow } from './query';

/** Scores must be above this to be a hit. */
export let threshold: i32 = i32.MIN_VALUE;
/** Hits in the buffer. */
export let hitCount: i32 = 0;
/** How many hits are wanted. */
let wanted: i32 = 0;
/** Hits in `lowestBin` and above, and that bin: the highest for which there are as many as are wanted. */
let hitsAbove: i32 = 0;
let lowestBin: i32 = 0;
/** Selection starts when the buffer has this many. */
let fullAt: i32 = 0;

/** Starts a scan for the best `count` scores, at most HITS_MAX. */
export function beginHits(count: i32): void {
  wanted = count;
  // Short, so that it stays in the first cache.
  fullAt = min(HITS_MAX, max(1024, 4 * count));
  hitCount = 0;
  hitsAbove = 0;
  lowestBin = 0;
  threshold = i32.MIN_VALUE;
  memory.fill(HISTOGRAM, 0, 4 * BINS);
}

/** Notes one hit, whose score is above the threshold. There must be room; `settleHits` makes it. */
export function addHit(score: i32, id: i32): void {
  const at = HITS + ((<usize>hitCount) << 3);
  store<i32>(at, score);
  store<i32>(at, id, 4);
  const bin = HISTOGRAM + ((<usize>((score - scoreLow) >> binShift)) << 2);
  store<i32>(bin, load<i32>(bin) + 1);
  hitCount++;
  hitsAbove++;
}

/** After some hits: raises the threshold as far as the histogram allows, and makes room for a block's hits. */
export function settleHits(): void {
  let lowest = load<i32>(HISTOGRAM + ((<usize>lowestBin) << 2));
  if (hitsAbove - lowest >= wanted) {
    do {
      hitsAbove -= lowest;
      lowestBin++;
      lowest = load<i32>(HISTOGRAM + ((<usize>lowestBin) << 2));
    } while (hitsAbove - lowest >= wanted);
    threshold = (lowestBin << binShift) + scoreLow - 1;
  }
  if (hitCount > fullAt - 16) selectHits();
}

/**
 * Leaves exactly the best hits that are wanted, in the order of the scan; of equal scores the first. What comes later and
 * is no better than the last of them is no hit any more. O(hits + bins), whatever the scores.
 */
export function selectHits(): void {
  if (hitCount <= wanted) return;
  const low = (lowestBin << binShift) + scoreLow;
  // All bins above the lowest are in; of the lowest so many are needed.
  let needed = wanted - (hitsAbove - load<i32>(HISTOGRAM + ((<usize>lowestBin) << 2)));
  const neededOfBin = needed;
  const fineBins = 1 << binShift;
  memory.fill(FINE_HISTOGRAM, 0, (<usize>fineBins) << 2);
  for (let i = 0; i < hitCount; i++) {
    const fine = load<i32>(HITS + ((<usize>i) << 3)) - low;
    if (fine < 0 || fine >= fineBins) continue;
    const at = FINE_HISTOGRAM + ((<usize>fine) << 2);
    store<i32>(at, load<i32>(at) + 1);
  }
  let fine = fineBins - 1;
  while (needed > load<i32>(FINE_HISTOGRAM + ((<usize>fine) << 2))) {
    needed -= load<i32>(FINE_HISTOGRAM + ((<usize>fine) << 2));
    fine--;
  }
  const cut = low + fine;
  let kept = 0;
  for (let i = 0; i < hitCount; i++) {
    const hit = load<i64>(HITS + ((<usize>i) << 3));
    const score = <i32>hit;
    if (score < cut || (score === cut && needed-- <= 0)) continue;
    store<i64>(HITS + ((<usize>kept) << 3), hit);
    kept++;
  }
  hitCount = kept;
  hitsAbove = kept;
  store<i32>(HISTOGRAM + ((<usize>lowestBin) << 2), neededOfBin);
  threshold = cut;
}
