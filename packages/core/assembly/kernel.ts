/**
 * The scan kernel of the `ivf` and `flat_int8` indexes: all that a search does for each item, in WebAssembly with SIMD.
 * packages/core/src/retrieval/kernel/kernel.ts loads it and is its only caller; test/retrieval/kernel-reference.ts says
 * the same in plain TypeScript, and a property test holds the two equal to the bit. ADR 14 has the reasons.
 *
 * One search: codes of the query (query.ts) -> the nearest lists -> a scan of their codes that keeps the best hits
 * (scan.ts, hits.ts) -> the exact scores of these (exact.ts) -> sorted (sort.ts).
 */
import {
  HITS,
  IDS,
  KEYS,
  LISTS_MAX,
  PROBES,
  QUERIES,
  QUERY,
  QUERY_F64,
  SCORES,
  SORTED_IDS,
  SORTED_KEYS,
} from './layout';
import { encodeQuery } from './query';
import { beginHits, hitCount, selectHits } from './hits';
import { beginSurvivors, best, scan, survivors } from './scan';
import { multiplyRows, scoreRows } from './exact';
import { fetch } from './fetch';
import { sortByKey } from './sort';

/** Addresses and limits that the host needs. */
export { DIM_MAX, IDS, KEEP_MAX, KEYS, LISTS_MAX, QUERIES, QUERY, SCORES, SORTED_IDS, TABLES } from './layout';

/** Bytes of a list that are fetched together: they must stay in the cache until they are read. */
const FETCHED_MAX: usize = 65536;

let dim: i32 = 0;
let listCount: i32 = 0;
/** Codes of the lists' centres, in blocks. */
let centres: usize = 0;
/** First block of each list, i32[lists], and how many items it has, i32[lists]. */
let firstBlocks: usize = 0;
let sizes: usize = 0;
/** Rows by position, i32[blocks * 16], and their codes. */
let rows: usize = 0;
let codes: usize = 0;
/** f32[rows, dim], by row. */
let vectors: usize = 0;

/** Says where the tables are. */
export function configure(
  newDim: i32,
  newListCount: i32,
  newCentres: usize,
  newFirstBlocks: usize,
  newSizes: usize,
  newRows: usize,
  newCodes: usize,
  newVectors: usize,
): void {
  dim = newDim;
  listCount = newListCount;
  centres = newCentres;
  firstBlocks = newFirstBlocks;
  sizes = newSizes;
  rows = newRows;
  codes = newCodes;
  vectors = newVectors;
}

/**
 * Finds the nearest rows to QUERY: of the `keep` best by codes, in the nearest `probes` lists, the best `k` by exact score.
 * Rows are at SORTED_IDS and scores at SCORES, best first; returns how many. `mask`: a byte per row, 1 = excluded, or 0.
 * With a mask the visits end once about `survivorsWanted` items that it leaves have been looked at.
 */
export function search(k: i32, keep: i32, probes: i32, mask: usize, survivorsWanted: i32): i32 {
  encodeQuery(dim);
  const visits = listCount === 1 ? oneList() : nearestLists(min(probes, listCount));
  beginSurvivors();
  beginHits(keep);
  for (let i = 0; i < visits; i++) {
    const list = (<usize>load<i32>(PROBES + ((<usize>i) << 2))) << 2;
    const block = load<i32>(firstBlocks + list);
    const size = load<i32>(sizes + list);
    const from = codes + <usize>block * ((<usize>dim) << 4);
    // The start of a list is nowhere near the end of the one before; within a long one the processor looks ahead itself.
    fetch(from, from + min<usize>(FETCHED_MAX, <usize>((size + 15) >> 4) * ((<usize>dim) << 4)));
    scan(from, dim, size, block << 4, rows, mask);
    if (mask !== 0 && survivors >= survivorsWanted) break;
  }
  selectHits();
  for (let i = 0; i < hitCount; i++)
    store<i32>(IDS + ((<usize>i) << 2), load<i32>(rows + ((<usize>load<i32>(HITS + ((<usize>i) << 3), 4)) << 2)));
  scoreRows(vectors, dim, IDS, hitCount, KEYS);
  sortByKey(hitCount);
  const found = min(k, hitCount);
  for (let i = 0; i < found; i++)
    store<f32>(SCORES + ((<usize>i) << 2), <f32>load<f64>(SORTED_KEYS + ((<usize>i) << 3)));
  return found;
}

/** About how many items the last search looked at that its mask leaves. */
export function survivorsSeen(): i32 {
  return survivors;
}

/** Row after the last that `scoreSurvivors` looked at. */
let scanned: i32 = 0;

export function rowsScanned(): i32 {
  return scanned;
}

/**
 * Exact scores, from row `from` on, of rows before `end` that the mask leaves (0: all): their rows to IDS, scores to KEYS.
 * Returns how many, at most LISTS_MAX; `rowsScanned` is where to go on. After `prepareExact`.
 */
export function scoreSurvivors(mask: usize, from: i32, end: i32): i32 {
  let count = 0;
  let row = from;
  const last = LISTS_MAX - 16;
  for (; row < end && count <= last; row += 16) {
    const lanes = min(16, end - row);
    let left: u32 = (1 << lanes) - 1;
    if (mask !== 0) left &= <u32>i8x16.bitmask(i8x16.eq(v128.load(mask + <usize>row), i8x16.splat(0)));
    while (left !== 0) {
      store<i32>(IDS + ((<usize>count) << 2), row + <i32>ctz(left));
      left &= left - 1;
      count++;
    }
  }
  scanned = min(row, end);
  scoreRows(vectors, dim, IDS, count, KEYS);
  return count;
}

/** Takes QUERY for exact scores. */
export function prepareExact(): void {
  for (let d = 0; d < dim; d++) store<f64>(QUERY_F64 + ((<usize>d) << 3), <f64>load<f32>(QUERY + ((<usize>d) << 2)));
}

/** Exact scores of the rows at IDS, i32[count], to KEYS, f64[count]; at most LISTS_MAX. After `prepareExact`. */
export function scoreGiven(count: i32): void {
  scoreRows(vectors, dim, IDS, count, KEYS);
}

/**
 * Inner products, in float32, of the rows at IDS, i32[count], with the queries at QUERIES, f32[queryCount, dim], to KEYS,
 * f32[count, queryCount], of which there are at most 2 * LISTS_MAX. What features are made of; scores are float64.
 */
export function products(count: i32, queryCount: i32): void {
  multiplyRows(vectors, dim, IDS, count, QUERIES, queryCount, KEYS);
}

/** The list whose centre is nearest to QUERY. */
export function nearestList(): i32 {
  encodeQuery(dim);
  return best(centres, dim, listCount);
}

function oneList(): i32 {
  store<i32>(PROBES, 0);
  return 1;
}

/** Writes the nearest lists to PROBES, nearest first. */
function nearestLists(count: i32): i32 {
  beginHits(count);
  scan(centres, dim, listCount, 0, 0, 0);
  selectHits();
  for (let i = 0; i < hitCount; i++) {
    store<f64>(KEYS + ((<usize>i) << 3), <f64>load<i32>(HITS + ((<usize>i) << 3)));
    store<i32>(IDS + ((<usize>i) << 2), load<i32>(HITS + ((<usize>i) << 3), 4));
  }
  sortByKey(hitCount);
  memory.copy(PROBES, SORTED_IDS, (<usize>hitCount) << 2);
  return hitCount;
}
