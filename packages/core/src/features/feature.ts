import type { FeatureContext } from './feature-context.ts';
import type { ItemState } from './item-table.ts';

/**
 * How a raw value becomes a model input. Counts are heavy-tailed: without the logarithm the int8 ranker loses most of
 * its order (research/models.md section 2), so the transform belongs to the feature and not to the training code.
 */
export type Transform = 'identity' | 'log1p' | 'signed_log1p';

interface Described {
  /** Unique; part of the schema hash. */
  readonly name: string;
  /** One line: what it says, with its unit before the transform. */
  readonly doc: string;
  readonly transform: Transform;
}

/** A value of an item that no request changes; kept in the resident table [N, Di]. */
export interface ItemFeature extends Described {
  readonly group: 'item';
  readonly value: (state: ItemState) => number;
}

/** A value of the request: who asks (user) or from where (context). */
export interface RequestFeature extends Described {
  readonly group: 'user' | 'context';
  readonly value: (context: FeatureContext) => number;
}

/** A value of a candidate in a request; computed by the block that it belongs to. */
export interface CrossFeature extends Described {
  readonly group: 'cross';
}

/** Cross features that are computed together, in one pass over the candidates. */
export interface CrossBlock {
  readonly features: readonly CrossFeature[];
  /**
   * Writes the transformed values of all candidates: `out[offset + c * stride + f]` for feature `f` of the block. `out` is
   * zeroed before. Loops over the candidates itself, so that no function is called per candidate and feature.
   */
  readonly fill: (context: FeatureContext, out: Float32Array, offset: number, stride: number) => void;
}

export type Feature = ItemFeature | RequestFeature | CrossFeature;

/** `value` through `transform`; zero stays zero in all of them. */
export function transformed(value: number, transform: Transform): number {
  if (transform === 'identity' || value === 0) return value;
  if (transform === 'log1p') return log1p(Math.max(0, value));
  return value < 0 ? -log1p(-value) : log1p(value);
}

/** Logarithms of small counts plus 1: most of what is transformed in a request is one. */
const OF_COUNTS = Float64Array.from({ length: 256 }, (_, count) => Math.log1p(count));

/** `value` >= 0. */
function log1p(value: number): number {
  return value < OF_COUNTS.length && Number.isInteger(value) ? OF_COUNTS[value]! : Math.log1p(value);
}
