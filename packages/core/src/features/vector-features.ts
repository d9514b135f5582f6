import type { CrossBlock, CrossFeature } from './feature.ts';

const cross = (name: string, doc: string): CrossFeature => ({ name, group: 'cross', doc, transform: 'identity' });

/** Closeness in the towers' space; all 0 for a release without towers or a user without events. */
export const VECTOR_BLOCK: CrossBlock = {
  features: [
    cross('tower_cosine', 'Cosine of user vector and item vector.'),
    cross('recent_cosine_max', 'Highest cosine to one of the last 5 items, itself excepted.'),
    cross('recent_cosine_mean', 'Cosine to the mean vector of the last 5 items.'),
  ],
  fill({ count, candidates, tables, products, recentRows, recentCount, request }, out, offset, stride) {
    const { itemVectors, vectorDim } = tables;
    const { userVector } = request;
    if (itemVectors === null || products === null) return;
    // The user's vector, the last items', and their mean: each candidate's vector is read once for all of them.
    let used = 0;
    const user = userVector === null ? -1 : products.setQuery(used++, userVector, 0);
    const recent = used;
    for (let r = 0; r < recentCount; r++) products.setQuery(used++, itemVectors, recentRows[r]! * vectorDim);
    const mean = recentCount === 0 ? -1 : products.setMean(used++, recent, recentCount);
    if (used === 0) return;
    const { rows } = candidates!;
    for (let from = 0; from < count; from += products.chunk) {
      const until = Math.min(count, from + products.chunk);
      products.take(rows, from, until);
      const found = products.multiply(used);
      for (let c = from; c < until; c++) {
        const at = offset + c * stride;
        const line = (c - from) * used;
        if (user >= 0) out[at] = found[line + user]!;
        if (mean < 0) continue;
        let best = -1;
        for (let r = 0; r < recentCount; r++)
          if (recentRows[r] !== rows[c] && found[line + recent + r]! > best) best = found[line + recent + r]!;
        out[at + 1] = best;
        out[at + 2] = found[line + mean]!;
      }
    }
  },
};
