import { BLOCK, blocksOf, CODE_ZERO, codeScale, putCodes } from './codes.ts';
import { layoutOf } from './index-file.ts';

/** Centres have a scale of their own: only their order matters. */
export function putCentres(
  centres: Float32Array,
  { dim, listCount }: { readonly dim: number; readonly listCount: number },
  file: Uint8Array,
): void {
  const at = layoutOf({ dim, listCount, count: 0, blocks: 0, scale: 1 }).centres;
  file.fill(CODE_ZERO, at, at + blocksOf(listCount) * BLOCK * dim);
  const scale = codeScale(centres);
  if (Number.isFinite(scale))
    for (let list = 0; list < listCount; list++) putCodes(centres, list, { dim, scale }, file, at, list);
}
