import { FEATURE_WIDTHS } from '@shortlist/core/features/definitions.ts';
import { fillCrossFeatures, fillUserFeatures } from '@shortlist/core/features/fill.ts';
import type { Ranker } from '@shortlist/core/release/ranker.ts';
import type { RankingRequest } from '../ranking-request.ts';
import { FEATURE_GROUPS } from './feature-groups.ts';

export interface GroupMove {
  group: string;
  /** Value of the item minus its value with the group's features at the candidates' mean. */
  moved: number;
}

/**
 * What each feature group did for some candidates of a request: the same graph once more, with the group's features of
 * the item replaced by their mean over the request's candidates. A positive move means that the item stands higher for
 * being what it is there than a candidate that is average in it.
 *
 * Returns, per candidate asked for, all groups, largest move first. Rows: candidates x (groups + 1), in one call.
 * Groups interact in the network, so moves do not add up to the score.
 */
export async function occlude(
  request: RankingRequest,
  ranker: Ranker,
  wanted: readonly number[],
): Promise<GroupMove[][]> {
  const { item: itemWidth, user: userWidth, cross: crossWidth } = FEATURE_WIDTHS;
  const features = featuresOf(request);
  const variants = FEATURE_GROUPS.length + 1;
  const count = wanted.length * variants;
  const itemTable = new Float32Array(count * itemWidth);
  const cross = new Float32Array(count * crossWidth);
  wanted.forEach((c, w) => {
    for (let v = 0; v < variants; v++) {
      const at = w * variants + v;
      itemTable.set(features.item.subarray(c * itemWidth, (c + 1) * itemWidth), at * itemWidth);
      cross.set(features.cross.subarray(c * crossWidth, (c + 1) * crossWidth), at * crossWidth);
      const group = FEATURE_GROUPS[v - 1];
      for (const f of group?.item ?? []) itemTable[at * itemWidth + f] = features.itemMeans[f]!;
      for (const f of group?.cross ?? []) cross[at * crossWidth + f] = features.crossMeans[f]!;
    }
  });
  const user = new Float32Array(userWidth);
  fillUserFeatures(request.workspace.features, user, 0);
  const logits = await ranker.run({
    requests: 1,
    count,
    userFeatures: user,
    crossFeatures: cross,
    itemRows: Int32Array.from({ length: count }, (_, at) => at),
    requestIndex: new Int32Array(count),
    itemTable,
  });
  const { weights } = request.parameters;
  const valueAt = (at: number): number =>
    weights.click * sigmoid(logits[2 * at]!) + weights.conversion * sigmoid(logits[2 * at + 1]!);
  return wanted.map((_, w) =>
    FEATURE_GROUPS.map(({ name }, g) => ({
      group: name,
      moved: valueAt(w * variants) - valueAt(w * variants + g + 1),
    })).sort((a, b) => Math.abs(b.moved) - Math.abs(a.moved)),
  );
}

/** The candidates' features anew: the batch's rows may have been overwritten by other requests of it. */
function featuresOf(request: RankingRequest) {
  const { release, features } = request.workspace;
  const { candidates } = request.buffers;
  const { item: itemWidth, cross: crossWidth } = FEATURE_WIDTHS;
  features.begin(request.featureRequest());
  const cross = new Float32Array(candidates.count * crossWidth);
  fillCrossFeatures(features, candidates, cross, 0);
  const item = new Float32Array(candidates.count * itemWidth);
  for (let c = 0; c < candidates.count; c++) {
    const row = candidates.rows[c]!;
    item.set(release.itemFeatures.subarray(row * itemWidth, (row + 1) * itemWidth), c * itemWidth);
  }
  return { item, cross, itemMeans: means(item, itemWidth), crossMeans: means(cross, crossWidth) };
}

/** Mean of each column of `[n, width]`. */
function means(values: Float32Array, width: number): Float64Array {
  const sums = new Float64Array(width);
  for (let at = 0; at < values.length; at++) sums[at % width]! += values[at]!;
  const rows = values.length / width;
  return sums.map((sum) => sum / rows);
}

const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));
