import type { CrossFeature } from './feature.ts';

const cross = (name: string, doc: string, fill: CrossFeature['fill']): CrossFeature => ({
  name,
  group: 'cross',
  doc,
  transform: 'identity',
  fill,
});

/** Inner product of `a[aAt ..]` and `b[bAt ..]` in double precision, always summed in the same order. */
function dot(a: Float32Array, aAt: number, b: Float32Array, bAt: number, dim: number): number {
  let s0 = 0;
  let s1 = 0;
  let i = 0;
  for (; i + 1 < dim; i += 2) {
    s0 += a[aAt + i]! * b[bAt + i]!;
    s1 += a[aAt + i + 1]! * b[bAt + i + 1]!;
  }
  if (i < dim) s0 += a[aAt + i]! * b[bAt + i]!;
  return s0 + s1;
}

/** Closeness in the towers' space; all 0 for a release without towers or a user without events. */
export const VECTOR_FEATURES: readonly CrossFeature[] = [
  cross('tower_cosine', 'Cosine of user vector and item vector.', (context, out, offset, stride) => {
    const { itemVectors, vectorDim } = context.tables;
    const { userVector } = context.request;
    if (!itemVectors || !userVector) return;
    const { rows } = context.candidates!;
    for (let c = 0; c < context.count; c++)
      out[offset + c * stride] = dot(userVector, 0, itemVectors, rows[c]! * vectorDim, vectorDim);
  }),
  cross(
    'recent_cosine_max',
    'Highest cosine to one of the last 5 items, itself excepted.',
    (context, out, offset, stride) => {
      const { itemVectors, vectorDim } = context.tables;
      const { recentRows, recentCount } = context;
      if (!itemVectors || recentCount === 0) return;
      const { rows } = context.candidates!;
      for (let c = 0; c < context.count; c++) {
        let best = -1;
        for (let r = 0; r < recentCount; r++) {
          if (recentRows[r] === rows[c]) continue;
          const cosine = dot(itemVectors, rows[c]! * vectorDim, itemVectors, recentRows[r]! * vectorDim, vectorDim);
          if (cosine > best) best = cosine;
        }
        out[offset + c * stride] = best;
      }
    },
  ),
  cross('recent_cosine_mean', 'Cosine to the mean vector of the last 5 items.', (context, out, offset, stride) => {
    const { itemVectors, vectorDim } = context.tables;
    const { recentRows, recentCount } = context;
    if (!itemVectors || recentCount === 0) return;
    const mean = new Float32Array(vectorDim);
    for (let r = 0; r < recentCount; r++)
      for (let i = 0; i < vectorDim; i++)
        mean[i] = mean[i]! + itemVectors[recentRows[r]! * vectorDim + i]! / recentCount;
    const { rows } = context.candidates!;
    for (let c = 0; c < context.count; c++)
      out[offset + c * stride] = dot(mean, 0, itemVectors, rows[c]! * vectorDim, vectorDim);
  }),
];
