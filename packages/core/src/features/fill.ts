/**
 * How to compute a request's features:
 *
 *   const context = new FeatureContext({ catalog, itemFeatures, itemVectors, vectorDim }, profileEventsMax); // once a slot
 *   context.begin({ profile, nowS, category, device, surface, userVector });
 *   fillUserFeatures(context, userFeatures, requestIndex * FEATURE_WIDTHS.user);
 *   fillCrossFeatures(context, candidates, crossFeatures, firstRow * FEATURE_WIDTHS.cross);
 *
 * The item's part is resident: ItemFeatureTable.values, or a release's item-features.f32.
 */
import type { CandidateSet } from '../retrieval/candidate-set.ts';
import { CROSS_BLOCKS, FEATURE_WIDTHS, REQUEST_FEATURES } from './definitions.ts';
import { transformed } from './feature.ts';
import type { FeatureContext } from './feature-context.ts';

/** Writes the user and context features of the request that `context` has begun: `out[offset .. offset + Du)`. */
export function fillUserFeatures(context: FeatureContext, out: Float32Array, offset: number): void {
  for (let f = 0; f < REQUEST_FEATURES.length; f++) {
    const feature = REQUEST_FEATURES[f]!;
    out[offset + f] = transformed(feature.value(context), feature.transform);
  }
}

/**
 * Writes the cross features of the first `count` candidates: `out[offset ..]` as [count, Dc], row-major.
 * The candidates must stand in their fused order. O(count x Dc); allocates nothing per candidate.
 */
export function fillCrossFeatures(
  context: FeatureContext,
  candidates: CandidateSet,
  out: Float32Array,
  offset: number,
  count = candidates.count,
): void {
  const stride = FEATURE_WIDTHS.cross;
  const end = offset + count * stride;
  out.fill(0, offset, end);
  context.setCandidates(candidates, count);
  let column = offset;
  for (const { features, fill } of CROSS_BLOCKS) {
    fill(context, out, column, stride);
    column += features.length;
  }
}
