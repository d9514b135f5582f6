import type { Placement } from '../../placement.ts';
import type { ActiveRules, Pin } from '../../rules/compiled-rules.ts';
import { CapCounter } from './caps.ts';
import { drawExplorers } from './exploration.ts';
import { MmrPool } from './mmr.ts';
import { Reservation } from './reservation.ts';
import type { Similarity } from './similarity.ts';

export interface SlateInput {
  /** Rows, best first, after boosts. */
  readonly ranked: Int32Array;
  /** Values parallel to `ranked`, descending. */
  readonly values: Float32Array;
  readonly size: number;
  readonly rules: ActiveRules;
  /** Pins that may be shown. */
  readonly pins: readonly Pin[];
  readonly diversity: { readonly lambda: number; readonly top: number };
  readonly exploration: { readonly slots: number; readonly pool: number };
  readonly similarity: Similarity;
  readonly uniform: () => number;
}

export interface Slate {
  readonly count: number;
  /** Row of each slot, best slot first. */
  readonly rows: Int32Array;
  /** Probability that this row stands at this slot; 1 unless it was drawn. */
  readonly propensities: Float32Array;
  /** 1 = drawn at random. */
  readonly explored: Uint8Array;
  readonly placements: ReadonlyMap<number, Placement>;
  /** Name of the cap that one more item like `row` would exceed, or null. */
  readonly cappedBy: (row: number) => string | null;
}

const POOL_MAX = 1024;
const pool = new MmrPool(POOL_MAX);
const poolPositions = new Int32Array(POOL_MAX);
const poolRows = new Int32Array(POOL_MAX);
const poolValues = new Float64Array(POOL_MAX);

/**
 * Fills the slots from the ranked order. Precedence: pins, then caps, then minimum shares, then diversity (MMR over the
 * first `diversity.top`), then exploration, which takes the last unpinned slots.
 *
 * Pins count in the caps but are not refused by them: whoever pins an item has said what they want. Where there are not
 * enough items the slate is shorter, without gaps. Never a row twice. Not re-entrant: the pool is shared, and the stage
 * is synchronous.
 */
export function buildSlate(input: SlateInput): Slate {
  const { ranked, rules, size } = input;
  const slots = new Int32Array(size).fill(-1);
  const placements = new Map<number, Placement>();
  const placed = placePins(input, slots, placements);
  const caps = new CapCounter(rules.caps);
  for (const row of placed) caps.add(row);

  const free = size - placed.length;
  const reservation = new Reservation(rules.minShares, { size, room: free, placed }, ranked, caps, (p) => {
    return !placed.includes(ranked[p]!);
  });
  const exploring = Math.min(input.exploration.slots, free - reservation.remaining);
  const taken = new Uint8Array(ranked.length);
  if (placed.length > 0) for (let p = 0; p < ranked.length; p++) if (placed.includes(ranked[p]!)) taken[p] = 1;
  const chosen = pick(input, free - exploring, { placed, taken, caps, reservation, placements });

  const drawable = exploring > 0 ? explorationPool(input, taken, caps) : new Int32Array(0);
  const drawableCount = drawable.length;
  const explorers = drawExplorers(drawable, exploring, input.uniform);
  for (const row of drawable.subarray(explorers.length)) caps.remove(row);
  return {
    ...layOut(slots, chosen, explorers, drawableCount),
    placements,
    cappedBy: (row) => rules.caps[caps.exceededBy(row)]?.rule ?? null,
  };
}

/** One item a slot, one slot an item; the first rule of the file wins. */
function placePins({ pins, size }: SlateInput, slots: Int32Array, placements: Map<number, Placement>): number[] {
  const placed: number[] = [];
  for (const { rule, row, slot } of pins) {
    if (slot > size || slots[slot - 1] !== -1 || placements.has(row)) continue;
    slots[slot - 1] = row;
    placed.push(row);
    placements.set(row, { rule, effect: `pinned to slot ${slot}` });
  }
  return placed;
}

interface Picking {
  readonly placed: readonly number[];
  /** 1 = in the slate, by position. */
  readonly taken: Uint8Array;
  readonly caps: CapCounter;
  readonly reservation: Reservation;
  readonly placements: Map<number, Placement>;
}

/** Chooses `wanted` rows by MMR under caps and reservations. */
function pick(input: SlateInput, wanted: number, picking: Picking): number[] {
  const { ranked, rules } = input;
  const { taken, caps, reservation } = picking;
  fillPool(input, picking);
  for (const row of picking.placed) pool.see(row);
  const chosen: number[] = [];
  const allowed = (p: number): boolean =>
    taken[p] === 0 &&
    (reservation.reserved[p] === 1 || (wanted - chosen.length > reservation.remaining && caps.fits(ranked[p]!)));

  for (let next = 0; chosen.length < wanted;) {
    const i = pool.best((at) => allowed(poolPositions[at]!));
    let position = i < 0 ? -1 : poolPositions[i]!;
    // The pool has nothing left that may be taken: go on down the ranked order, which needs no more diversity.
    while (position < 0 && next < ranked.length) {
      if (allowed(next)) position = next;
      next += 1;
    }
    if (position < 0) break;
    const row = ranked[position]!;
    if (reservation.take(position)) {
      if (position >= wanted)
        picking.placements.set(row, { rule: ruleOf(rules, row), effect: `kept from rank ${position + 1}` });
    } else caps.add(row);
    taken[position] = 1;
    if (i >= 0) pool.open[i] = 0;
    chosen.push(row);
    pool.see(row);
  }
  return chosen;
}

/** The first `top` free positions, and the reserved ones below them. */
function fillPool({ ranked, values, diversity, similarity }: SlateInput, { taken, reservation }: Picking): void {
  let count = 0;
  for (let p = 0, seen = 0; p < ranked.length && count < POOL_MAX; p++) {
    if (taken[p] === 1) continue;
    if (seen < diversity.top || reservation.reserved[p] === 1) {
      poolPositions[count] = p;
      poolRows[count] = ranked[p]!;
      poolValues[count++] = values[p]!;
    }
    seen += 1;
  }
  similarity.begin(poolRows, count);
  pool.begin(poolValues, count, diversity.lambda, (row) => similarity.to(row));
}

const ruleOf = (rules: ActiveRules, row: number): string =>
  rules.minShares.find(({ matches }) => matches(row))?.rule ?? 'min_share';

/**
 * Ranked rows that may be drawn: not in the slate, and such that *any* subset of them fits the caps (each is admitted
 * only if it fits beside all those admitted before it). So every draw is equally likely and propensities are exact.
 */
function explorationPool({ ranked, exploration }: SlateInput, taken: Uint8Array, caps: CapCounter): Int32Array {
  const rows: number[] = [];
  for (let p = 0; p < ranked.length && p < exploration.pool; p++) {
    if (taken[p] === 1 || !caps.fits(ranked[p]!)) continue;
    caps.add(ranked[p]!);
    rows.push(ranked[p]!);
  }
  return Int32Array.from(rows);
}

/** Pins at their slots, the chosen in the slots between, explorers in the last free ones; gaps close upwards. */
function layOut(
  slots: Int32Array,
  chosen: readonly number[],
  explorers: Int32Array,
  drawable: number,
): Pick<Slate, 'count' | 'rows' | 'propensities' | 'explored'> {
  const rows = new Int32Array(slots.length);
  const propensities = new Float32Array(slots.length);
  const explored = new Uint8Array(slots.length);
  let count = 0;
  let next = 0;
  for (const pinned of slots) {
    const drawn = pinned < 0 && next >= chosen.length;
    const row = pinned >= 0 ? pinned : drawn ? explorers[next - chosen.length] : chosen[next];
    if (pinned < 0) next += 1;
    if (row === undefined) continue;
    rows[count] = row;
    propensities[count] = drawn ? 1 / drawable : 1;
    explored[count] = drawn ? 1 : 0;
    count += 1;
  }
  return { count, rows, propensities, explored };
}
