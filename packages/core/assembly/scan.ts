import { BLOCK_SCORES, QUERY_CODES } from './layout';
import { addHit, hitCount, settleHits, threshold } from './hits';

/** Items looked at that the mask leaves, estimated from the first of each block; of a scan without a mask all. */
export let survivors: i32 = 0;

export function beginSurvivors(): void {
  survivors = 0;
}

/**
 * Scores `count` items whose codes start at `codes`, in blocks of 16, and notes those above the threshold under their
 * positions, counted from `position`. `ids` is where the rows of position 0, 1, ... stand and `mask` a byte per row, 1 =
 * excluded; `mask` 0: nothing is.
 *
 * A block holds 16 items dimension by dimension: for each group of 4 dimensions 64 bytes, the 4 codes of item 0, of item
 * 1, ... So one register holds a group of 4 items, and two groups are added in 16 bits before they are widened:
 * (63 * 127) * 4 < 2^15. A rolled loop of two groups keeps all in registers; unrolled, V8 spills and takes thrice as long.
 */
export function scan(codes: usize, dim: i32, count: i32, position: i32, ids: usize, mask: usize): void {
  const ones: v128 = i16x8.splat(1);
  const blockBytes: usize = (<usize>dim) << 4;
  const queryEnd: usize = QUERY_CODES + ((<usize>dim) << 2);
  let above: v128 = i32x4.splat(threshold);
  let block = codes;
  for (let left = count; left > 0; left -= 16) {
    let a: v128 = i32x4.splat(0);
    let b: v128 = i32x4.splat(0);
    let c: v128 = i32x4.splat(0);
    let d: v128 = i32x4.splat(0);
    let at = block;
    let query = QUERY_CODES;
    do {
      const q: v128 = v128.load(query);
      const r: v128 = v128.load(query, 16);
      a = i32x4.add(
        a,
        i32x4.dot_i16x8_s(
          ones,
          i16x8.add(
            i16x8.relaxed_dot_i8x16_i7x16_s(q, v128.load(at)),
            i16x8.relaxed_dot_i8x16_i7x16_s(r, v128.load(at, 64)),
          ),
        ),
      );
      b = i32x4.add(
        b,
        i32x4.dot_i16x8_s(
          ones,
          i16x8.add(
            i16x8.relaxed_dot_i8x16_i7x16_s(q, v128.load(at, 16)),
            i16x8.relaxed_dot_i8x16_i7x16_s(r, v128.load(at, 80)),
          ),
        ),
      );
      c = i32x4.add(
        c,
        i32x4.dot_i16x8_s(
          ones,
          i16x8.add(
            i16x8.relaxed_dot_i8x16_i7x16_s(q, v128.load(at, 32)),
            i16x8.relaxed_dot_i8x16_i7x16_s(r, v128.load(at, 96)),
          ),
        ),
      );
      d = i32x4.add(
        d,
        i32x4.dot_i16x8_s(
          ones,
          i16x8.add(
            i16x8.relaxed_dot_i8x16_i7x16_s(q, v128.load(at, 48)),
            i16x8.relaxed_dot_i8x16_i7x16_s(r, v128.load(at, 112)),
          ),
        ),
      );
      at += 128;
      query += 32;
    } while (query < queryEnd);
    const inA: v128 = i32x4.gt_s(a, above);
    const inB: v128 = i32x4.gt_s(b, above);
    const inC: v128 = i32x4.gt_s(c, above);
    const inD: v128 = i32x4.gt_s(d, above);
    if (mask !== 0) survivors += load<u8>(mask + <usize>load<u32>(ids + ((<usize>position) << 2))) ? 0 : min(left, 16);
    if (v128.any_true(v128.or(v128.or(inA, inB), v128.or(inC, inD)))) {
      v128.store(BLOCK_SCORES, a, 0);
      v128.store(BLOCK_SCORES, b, 16);
      v128.store(BLOCK_SCORES, c, 32);
      v128.store(BLOCK_SCORES, d, 48);
      let hits: u32 =
        (<u32>i32x4.bitmask(inA)) |
        ((<u32>i32x4.bitmask(inB)) << 4) |
        ((<u32>i32x4.bitmask(inC)) << 8) |
        ((<u32>i32x4.bitmask(inD)) << 12);
      // The last block of a list is filled up with nothing.
      if (left < 16) hits &= (1 << left) - 1;
      while (hits !== 0) {
        const i = ctz(hits);
        hits &= hits - 1;
        const id = position + <i32>i;
        if (mask !== 0 && load<u8>(mask + <usize>load<u32>(ids + ((<usize>id) << 2))) !== 0) continue;
        addHit(load<i32>(BLOCK_SCORES + ((<usize>i) << 2)), id);
      }
      settleHits();
      above = i32x4.splat(threshold);
    }
    block += blockBytes;
    position += 16;
  }
}

/** Number of the item whose score is highest, the first of equals: the centre that a vector belongs to. */
export function best(codes: usize, dim: i32, count: i32): i32 {
  const ones: v128 = i16x8.splat(1);
  const queryEnd: usize = QUERY_CODES + ((<usize>dim) << 2);
  let bestScore: v128 = i32x4.splat(i32.MIN_VALUE);
  let bestItem: v128 = i32x4.splat(0);
  const step: v128 = i32x4.splat(4);
  const blocks = (count + 15) >> 4;
  let at = codes;
  let item: v128 = i32x4(0, 1, 2, 3);
  const end: v128 = i32x4.splat(count);
  for (let block = 0; block < blocks; block++) {
    let a: v128 = i32x4.splat(0);
    let b: v128 = i32x4.splat(0);
    let c: v128 = i32x4.splat(0);
    let d: v128 = i32x4.splat(0);
    let query = QUERY_CODES;
    do {
      const q: v128 = v128.load(query);
      const r: v128 = v128.load(query, 16);
      a = i32x4.add(
        a,
        i32x4.dot_i16x8_s(
          ones,
          i16x8.add(
            i16x8.relaxed_dot_i8x16_i7x16_s(q, v128.load(at)),
            i16x8.relaxed_dot_i8x16_i7x16_s(r, v128.load(at, 64)),
          ),
        ),
      );
      b = i32x4.add(
        b,
        i32x4.dot_i16x8_s(
          ones,
          i16x8.add(
            i16x8.relaxed_dot_i8x16_i7x16_s(q, v128.load(at, 16)),
            i16x8.relaxed_dot_i8x16_i7x16_s(r, v128.load(at, 80)),
          ),
        ),
      );
      c = i32x4.add(
        c,
        i32x4.dot_i16x8_s(
          ones,
          i16x8.add(
            i16x8.relaxed_dot_i8x16_i7x16_s(q, v128.load(at, 32)),
            i16x8.relaxed_dot_i8x16_i7x16_s(r, v128.load(at, 96)),
          ),
        ),
      );
      d = i32x4.add(
        d,
        i32x4.dot_i16x8_s(
          ones,
          i16x8.add(
            i16x8.relaxed_dot_i8x16_i7x16_s(q, v128.load(at, 48)),
            i16x8.relaxed_dot_i8x16_i7x16_s(r, v128.load(at, 112)),
          ),
        ),
      );
      at += 128;
      query += 32;
    } while (query < queryEnd);
    v128.store(BLOCK_SCORES, a, 0);
    v128.store(BLOCK_SCORES, b, 16);
    v128.store(BLOCK_SCORES, c, 32);
    v128.store(BLOCK_SCORES, d, 48);
    for (let i: usize = 0; i < 64; i += 16) {
      const score = v128.load(BLOCK_SCORES + i);
      const better = v128.and(i32x4.gt_s(score, bestScore), i32x4.lt_s(item, end));
      bestScore = v128.bitselect(score, bestScore, better);
      bestItem = v128.bitselect(item, bestItem, better);
      item = i32x4.add(item, step);
    }
  }
  // Each lane kept its first of equals; among lanes the lower number wins.
  v128.store(BLOCK_SCORES, bestScore);
  v128.store(BLOCK_SCORES, bestItem, 16);
  let winner = 0;
  for (let lane = 1; lane < 4; lane++) {
    const score = load<i32>(BLOCK_SCORES + ((<usize>lane) << 2));
    const winning = load<i32>(BLOCK_SCORES + ((<usize>winner) << 2));
    const number = load<i32>(BLOCK_SCORES + ((<usize>lane) << 2), 16);
    const winningNumber = load<i32>(BLOCK_SCORES + ((<usize>winner) << 2), 16);
    if (score > winning || (score === winning && number < winningNumber)) winner = lane;
  }
  return load<i32>(BLOCK_SCORES + ((<usize>winner) << 2), 16);
}
