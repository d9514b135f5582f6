import { SOURCE_COUNT, SOURCE_INDEX, SOURCES, type SourceName } from '../retrieval/source.ts';
import { transformed, type CrossBlock, type CrossFeature, type Transform } from './feature.ts';

/** 1 at rank 1, falling with the logarithm to 0 at rank 1024; 0 also when the source did not name the item. */
const RANK_VALUE = Float32Array.from({ length: 1025 }, (_, rank) =>
  rank === 0 ? 0 : 1 - Math.log2(rank) / Math.log2(1024),
);
const rankValue = (rank: number): number => RANK_VALUE[Math.min(rank, 1024)]!;

const cross = (name: string, transform: Transform, doc: string): CrossFeature => ({
  name,
  group: 'cross',
  doc,
  transform,
});

/** Sources whose score has a meaning across requests (a count, a sum of similarities), so it is kept unscaled too. */
const ABSOLUTE: readonly SourceName[] = ['co_visitation', 'item_item', 'ials', 'user_user', 'repeats', 'trending'];
const ABSOLUTE_SOURCES = Int32Array.from(ABSOLUTE, (name) => SOURCE_INDEX[name]);
const FIRST_ABSOLUTE = 2 * SOURCE_COUNT;
const NAMED = FIRST_ABSOLUTE + ABSOLUTE.length;

/** Where each candidate comes from. */
export const SOURCE_BLOCK: CrossBlock = {
  features: [
    ...SOURCES.flatMap(({ name }) => [
      cross(`${name}_relative`, 'identity', `Score of ${name} over its highest in the request.`),
      cross(`${name}_rank`, 'identity', `Rank in ${name}: 1 first, 0 at 1024 or absent.`),
    ]),
    ...ABSOLUTE.map((name) => cross(`${name}_score`, 'signed_log1p', `Score of ${name} as given.`)),
    cross('sources', 'identity', 'Number of sources that named the item.'),
    cross('fused_rank', 'identity', 'Rank in the fused order: 1 first, 0 at 1024.'),
  ],
  fill({ candidates, count, sourceMax }, out, offset, stride) {
    const { scores, ranks, namedBy } = candidates!;
    for (let c = 0; c < count; c++) {
      const line = c * SOURCE_COUNT;
      const at = offset + c * stride;
      for (let s = 0; s < SOURCE_COUNT; s++) {
        const score = scores[line + s]!;
        if (score !== 0 && sourceMax[s]! > 0) out[at + 2 * s] = score / sourceMax[s]!;
      }
      let named = 0;
      for (let left = namedBy[c]!; left !== 0; left &= left - 1, named++) {
        const s = 31 - Math.clz32(left & -left);
        out[at + 2 * s + 1] = rankValue(ranks[line + s]!);
      }
      for (let a = 0; a < ABSOLUTE_SOURCES.length; a++) {
        const score = scores[line + ABSOLUTE_SOURCES[a]!]!;
        if (score !== 0) out[at + FIRST_ABSOLUTE + a] = transformed(score, 'signed_log1p');
      }
      out[at + NAMED] = named;
      out[at + NAMED + 1] = rankValue(c + 1);
    }
  },
};
