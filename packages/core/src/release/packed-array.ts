import type { PackedArray } from '../contracts/release-manifest.ts';

/** Bits of a number array as base64; `shape` multiplies to its length. */
export function packArray(values: Float32Array | Int32Array, shape: readonly number[]): PackedArray {
  return {
    type: values instanceof Float32Array ? 'f32' : 'i32',
    shape: [...shape],
    data: Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64'),
  };
}

export function unpackFloats(packed: PackedArray): Float32Array {
  return new Float32Array(bytesOf(packed, 'f32'));
}

export function unpackInts(packed: PackedArray): Int32Array {
  return new Int32Array(bytesOf(packed, 'i32'));
}

/** A fresh, aligned copy. Throws where type, shape and data disagree. */
function bytesOf(packed: PackedArray, type: PackedArray['type']): ArrayBuffer {
  const bytes = Buffer.from(packed.data, 'base64');
  const size = packed.shape.reduce((product, dim) => product * dim, 4);
  if (packed.type !== type || bytes.length !== size)
    throw new Error(`expected ${type} [${packed.shape.join(', ')}], found ${packed.type} of ${bytes.length} bytes`);
  return new Uint8Array(bytes).buffer;
}
