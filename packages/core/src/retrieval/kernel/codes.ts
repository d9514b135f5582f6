/** Items whose codes are interleaved. */
export const BLOCK = 16;
/** Codes are 0..127; this one is zero. */
export const CODE_ZERO = 64;
const CODE_LARGEST = 63;
/** One value in so many may lie beyond the largest code: the others get finer ones for it. */
const CLIPPED_SHARE = 1e-4;
const SAMPLED_VALUES = 2_000_000;

/** What values of a table are multiplied by to be codes: nearly all of them then fit. */
export function codeScale(vectors: Float32Array): number {
  const step = Math.max(1, Math.floor(vectors.length / SAMPLED_VALUES)) | 1;
  const sample = new Float32Array(Math.ceil(vectors.length / step));
  for (let i = 0, at = 0; at < vectors.length; i++, at += step) sample[i] = Math.abs(vectors[at]!);
  sample.sort();
  return CODE_LARGEST / sample[Math.ceil((1 - CLIPPED_SHARE) * (sample.length - 1))]!;
}

/** 7-bit code of one value. */
export function codeOf(value: number, scale: number): number {
  return Math.min(127, Math.max(0, Math.floor(value * scale + 0.5) + CODE_ZERO));
}

/** Blocks that `count` items take. */
export function blocksOf(count: number): number {
  return Math.ceil(count / BLOCK);
}

/**
 * Writes the codes of a vector as item `position` of the blocks at `offset` of `out`; packages/core/assembly/scan.ts says
 * how a block is laid out.
 */
export function putCodes(
  vectors: Float32Array,
  row: number,
  { dim, scale }: { readonly dim: number; readonly scale: number },
  out: Uint8Array,
  offset: number,
  position: number,
): void {
  const lane = position % BLOCK;
  const block = offset + (position - lane) * dim;
  for (let d = 0; d < dim; d++) {
    const at = block + (d >> 2) * 4 * BLOCK + lane * 4 + (d & 3);
    out[at] = codeOf(vectors[row * dim + d]!, scale);
  }
}
