import { SOURCE_COUNT, SOURCE_INDEX, SOURCES, type SourceName } from '../retrieval/source.ts';
import type { CrossFeature, Transform } from './feature.ts';

/** 1 at rank 1, falling with the logarithm to 0 at rank 1024; 0 also when the source did not name the item. */
const RANK_VALUE = Float32Array.from({ length: 1025 }, (_, rank) =>
  rank === 0 ? 0 : 1 - Math.log2(rank) / Math.log2(1024),
);
const rankValue = (rank: number): number => RANK_VALUE[Math.min(rank, 1024)]!;

type Fill = CrossFeature['fill'];
const cross = (name: string, transform: Transform, doc: string, fill: Fill): CrossFeature => ({
  name,
  group: 'cross',
  doc,
  transform,
  fill,
});

/** The score as the source gave it. */
const score =
  (source: number): Fill =>
  ({ candidates, count }, out, offset, stride) => {
    const { scores } = candidates!;
    for (let c = 0; c < count; c++) out[offset + c * stride] = scores[c * SOURCE_COUNT + source]!;
  };

/** The score over the source's highest in this request. */
const relativeScore =
  (source: number): Fill =>
  ({ candidates, count, sourceMax }, out, offset, stride) => {
    const max = sourceMax[source]!;
    if (max <= 0) return;
    const { scores } = candidates!;
    for (let c = 0; c < count; c++) out[offset + c * stride] = scores[c * SOURCE_COUNT + source]! / max;
  };

const rank =
  (source: number): Fill =>
  ({ candidates, count }, out, offset, stride) => {
    const { ranks } = candidates!;
    for (let c = 0; c < count; c++) out[offset + c * stride] = rankValue(ranks[c * SOURCE_COUNT + source]!);
  };

/** Sources whose score has a meaning across requests (a count, a sum of similarities), so it is kept unscaled too. */
const ABSOLUTE: readonly SourceName[] = ['co_visitation', 'item_item', 'ials', 'user_user', 'repeats', 'trending'];

/** Where each candidate comes from. */
export const SOURCE_FEATURES: readonly CrossFeature[] = [
  ...SOURCES.flatMap(({ name }, source) => [
    cross(`${name}_relative`, 'identity', `Score of ${name} over its highest in the request.`, relativeScore(source)),
    cross(`${name}_rank`, 'identity', `Rank in ${name}: 1 first, 0 at 1024 or absent.`, rank(source)),
  ]),
  ...ABSOLUTE.map((name) =>
    cross(`${name}_score`, 'signed_log1p', `Score of ${name} as given.`, score(SOURCE_INDEX[name])),
  ),
  cross(
    'sources',
    'identity',
    'Number of sources that named the item.',
    ({ candidates, count }, out, offset, stride) => {
      const { ranks } = candidates!;
      for (let c = 0; c < count; c++) {
        let named = 0;
        for (let s = 0; s < SOURCE_COUNT; s++) if (ranks[c * SOURCE_COUNT + s] !== 0) named += 1;
        out[offset + c * stride] = named;
      }
    },
  ),
  cross('fused_rank', 'identity', 'Rank in the fused order: 1 first, 0 at 1024.', ({ count }, out, offset, stride) => {
    for (let c = 0; c < count; c++) out[offset + c * stride] = rankValue(c + 1);
  }),
];
