import type { Placement } from '../../placement.ts';
import type { Factor } from '../../rules/compiled-rules.ts';

export interface FactorInput {
  /** Row of each candidate. */
  readonly rows: Int32Array;
  readonly count: number;
  /** Value of each candidate, >= 0. */
  readonly value: Float32Array;
  /** Candidate numbers, best value first. */
  readonly ranked: Int32Array;
  readonly factors: readonly Factor[];
}

export interface Boosted {
  /** Candidate numbers, best boosted value first; owned by the caller. */
  readonly order: Int32Array;
  /** Boosted values, parallel to `order`. */
  readonly values: Float32Array;
  readonly placements: ReadonlyMap<number, Placement>;
}

/** Multiplies the values of matching candidates by every factor that matches, and orders anew; ties keep their order. */
export function applyFactors({ rows, count, value, ranked, factors }: FactorInput): Boosted {
  const order = ranked.slice(0, count);
  const placements = new Map<number, Placement>();
  if (factors.length === 0) return { order, values: valuesOf(order, value), placements };

  const boosted = value.slice(0, count);
  const rankBefore = new Int32Array(count);
  order.forEach((c, i) => (rankBefore[c] = i + 1));
  for (let c = 0; c < count; c++)
    for (const { factor, matches } of factors) if (matches(rows[c]!)) boosted[c] = boosted[c]! * factor;
  order.sort((a, b) => boosted[b]! - boosted[a]! || rankBefore[a]! - rankBefore[b]!);
  order.forEach((c, i) => {
    const moved = factors.filter(({ matches }) => matches(rows[c]!));
    if (moved.length === 0) return;
    const times = moved.map(({ factor }) => `x ${factor}`).join(' ');
    const effect = `${times}: rank ${rankBefore[c]!} to ${i + 1}`;
    placements.set(rows[c]!, { rule: moved.map(({ rule }) => rule).join(', '), effect });
  });
  return { order, values: valuesOf(order, boosted), placements };
}

/** A loop: `from` with a function would call it per candidate. */
function valuesOf(order: Int32Array, value: Float32Array): Float32Array {
  const out = new Float32Array(order.length);
  for (let i = 0; i < order.length; i++) out[i] = value[order[i]!]!;
  return out;
}
