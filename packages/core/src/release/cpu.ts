import { readFileSync } from 'node:fs';

/**
 * Does this CPU multiply 8-bit integers without saturating (AVX512-VNNI or AVX-VNNI)? Without it ONNX Runtime's U8S8
 * kernels use VPMADDUBSW, whose 16-bit sums saturate, so that int8 results differ between the two kinds of machine.
 * False where it cannot be told (other systems, other architectures).
 */
export function hasVnni(): boolean {
  try {
    return /\b(avx512_vnni|avx_vnni)\b/.test(readFileSync('/proc/cpuinfo', 'latin1'));
  } catch {
    return false;
  }
}
