import { inPieces, PIECE, type Pieces } from '../catalog/pieces.ts';

const DIGITS = 4;
const RADIX = 1 << 16;
const SIGN = 0x8000;
/** Of four digits of 16 bits, the one with the sign: numbers are little-endian wherever Node runs. */
const HIGHEST = DIGITS - 1;

/**
 * The rows 0 to `count` - 1 by falling `values`, ties by row. A radix sort of the bits of float64, four passes (three where
 * the values are whole seconds), which can be interrupted. NaN has no defined place.
 */
export function* rowsByFalling(values: Float64Array, count: number): Pieces<Int32Array<ArrayBuffer>> {
  const keys = new Float64Array(count);
  const digits = new Uint16Array(keys.buffer);
  let rows = new Int32Array(count);
  let sorted = new Int32Array(count);
  yield* inPieces(count, PIECE, (from, until) => {
    for (let row = from; row < until; row++) {
      rows[row] = row;
      // -0 becomes 0, which it equals.
      keys[row] = values[row]! + 0;
    }
    flip(digits, from, until);
  });
  const places = new Int32Array(RADIX);
  for (let digit = 0; digit < DIGITS; digit++) {
    places.fill(0);
    yield* inPieces(count, PIECE, (from, until) => countDigits(digits, digit, places, from, until));
    // All alike: the order stays.
    if (count === 0 || places[digits[digit]!] === count) continue;
    toPlaces(places);
    yield* inPieces(count, PIECE, (from, until) => scatter(rows, digits, digit, places, sorted, from, until));
    [rows, sorted] = [sorted, rows];
  }
  return rows;
}

/** Digits `[n, 4]`, the lowest first, become such that larger values have lower ones. */
function flip(digits: Uint16Array, from: number, until: number): void {
  for (let row = from; row < until; row++) {
    const at = row * DIGITS;
    // The bits of positive numbers rise with them, those of negative ones fall; only the sign is the other way round.
    if ((digits[at + HIGHEST]! & SIGN) !== 0) continue;
    for (let i = at; i < at + DIGITS; i++) digits[i]! ^= 0xffff;
    digits[at + HIGHEST]! &= ~SIGN;
  }
}

function countDigits(digits: Uint16Array, digit: number, counts: Int32Array, from: number, until: number): void {
  for (let row = from; row < until; row++) counts[digits[row * DIGITS + digit]!]! += 1;
}

/** Counts by digit become the place of the first row with it. */
function toPlaces(counts: Int32Array): void {
  let place = 0;
  for (let digit = 0; digit < RADIX; digit++) {
    const alike = counts[digit]!;
    counts[digit] = place;
    place += alike;
  }
}

function scatter(
  rows: Int32Array,
  digits: Uint16Array,
  digit: number,
  places: Int32Array,
  sorted: Int32Array,
  from: number,
  until: number,
): void {
  for (let at = from; at < until; at++) {
    const row = rows[at]!;
    sorted[places[digits[row * DIGITS + digit]!]!++] = row;
  }
}
