import { orderDescending } from '@shortlist/core/retrieval/float-order.ts';
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
  /** What the factors did to an item. Only explanations ask, so it is worked out then. */
  readonly placementOf: (row: number) => Placement | undefined;
}

/** Multiplies the values of matching candidates by every factor that matches, and orders anew; ties keep their order. */
export function applyFactors({ rows, count, value, ranked, factors }: FactorInput): Boosted {
  const before = ranked.slice(0, count);
  const valuesBefore = valuesOf(before, value);
  if (factors.length === 0) return { order: before, values: valuesBefore, placementOf: () => undefined };

  for (const { factor, matches } of factors)
    for (let i = 0; i < count; i++) if (matches(rows[before[i]!]!)) valuesBefore[i]! *= factor;
  const places = new Int32Array(count);
  orderDescending(valuesBefore, count, places);
  const order = new Int32Array(count);
  for (let i = 0; i < count; i++) order[i] = before[places[i]!]!;
  return {
    order,
    values: valuesOf(places, valuesBefore),
    placementOf: (row) => {
      const moved = factors.filter(({ matches }) => matches(row));
      const place = order.findIndex((c) => rows[c] === row);
      if (moved.length === 0 || place < 0) return undefined;
      const times = moved.map(({ factor }) => `x ${factor}`).join(' ');
      const effect = `${times}: rank ${places[place]! + 1} to ${place + 1}`;
      return { rule: moved.map(({ rule }) => rule).join(', '), effect };
    },
  };
}

/** A loop: `from` with a function would call it per candidate. */
function valuesOf(order: Int32Array, value: Float32Array): Float32Array {
  const out = new Float32Array(order.length);
  for (let i = 0; i < order.length; i++) out[i] = value[order[i]!]!;
  return out;
}
