import { blocksOf, codeScale, BLOCK, CODE_ZERO, putCodes } from './codes.ts';
import { emptyIndexFile, layoutOf, tablesOf, type IndexShape } from './index-file.ts';
import { clusterVectors } from './k-means.ts';
import { putCentres } from './put-centres.ts';

export interface IndexBuild {
  /** Lists; 1 makes a flat scan. */
  readonly listCount: number;
  /** Of k-means: the same seed gives the same file. */
  readonly seed: number;
  readonly progress?: (line: string) => void;
}

/** The index file of `vectors` (`[n, dim]`, unit, `dim` a multiple of 16). O(n listCount dim) for k-means. */
export function buildIndexFile(vectors: Float32Array, dim: number, build: IndexBuild): Uint8Array<ArrayBuffer> {
  const count = vectors.length / dim;
  const { centres, listOf } =
    build.listCount === 1
      ? { centres: new Float32Array(dim), listOf: new Int32Array(count) }
      : clusterVectors(vectors, dim, build);
  const sizes = new Int32Array(build.listCount);
  for (const list of listOf) sizes[list]! += 1;
  const scale = codeScale(vectors);
  const blocks = sizes.reduce((sum, size) => sum + blocksOf(size), 0);
  const shape: IndexShape = { dim, count, listCount: build.listCount, blocks, scale };
  const file = emptyIndexFile(shape);
  const tables = tablesOf(file, shape);
  tables.codes.fill(CODE_ZERO);
  tables.sizes.set(sizes);
  let block = 0;
  for (let list = 0; list < sizes.length; list++) {
    tables.firstBlocks[list] = block;
    block += blocksOf(sizes[list]!);
  }
  // Rows of a list stand in their order: of equal scores the lower row comes first.
  const next = Int32Array.from(tables.firstBlocks, (first) => first * BLOCK);
  const { codes } = layoutOf(shape);
  for (let row = 0; row < count; row++) {
    const position = next[listOf[row]!]!++;
    tables.rows[position] = row;
    putCodes(vectors, row, shape, file, codes, position);
  }
  putCentres(centres, shape, file);
  return file;
}
