import { crc32 } from 'node:zlib';

/**
 * How a spool segment is laid out: frames, one behind the other, little-endian:
 *
 *   length u32 | records u32 | crc32 u32 (of the payload, seeded with `records`) | payload: lines of JSON
 *
 * A process that is killed, or a disk that is full, leaves a torn frame at the end; whoever reads stops before it.
 */
export const HEADER_BYTES = 12;
const FRAME_BYTES_MAX = 1 << 26;

/** Records as they travel. */
export interface RecordBatch {
  /** Lines of JSON, each with its end. */
  readonly bytes: Buffer;
  readonly records: number;
}

/** A frame's payload in its segment. */
export interface FramePlace {
  readonly offset: number;
  readonly length: number;
  readonly records: number;
}

const checksum = (payload: Uint8Array, records: number): number => crc32(payload, records);

/** Several batches as frames, and where each payload lies when the first frame begins at `from`. */
export function frame(batches: readonly RecordBatch[], from: number): { bytes: Buffer; places: FramePlace[] } {
  const bytes = Buffer.allocUnsafe(batches.reduce((sum, batch) => sum + HEADER_BYTES + batch.bytes.length, 0));
  let at = 0;
  const places = batches.map(({ bytes: payload, records }) => {
    bytes.writeUInt32LE(payload.length, at);
    bytes.writeUInt32LE(records, at + 4);
    bytes.writeUInt32LE(checksum(payload, records), at + 8);
    const offset = at + HEADER_BYTES;
    payload.copy(bytes, offset);
    at = offset + payload.length;
    return { offset: from + offset, length: payload.length, records };
  });
  return { bytes, places };
}

/** The whole frames of a segment, and how many bytes behind them are none. */
export function scanFrames(segment: Buffer): { readonly places: readonly FramePlace[]; readonly tornBytes: number } {
  const places: FramePlace[] = [];
  let at = 0;
  while (at + HEADER_BYTES <= segment.length) {
    const length = segment.readUInt32LE(at);
    const records = segment.readUInt32LE(at + 4);
    const offset = at + HEADER_BYTES;
    if (length === 0 || length > FRAME_BYTES_MAX || offset + length > segment.length) break;
    if (checksum(segment.subarray(offset, offset + length), records) !== segment.readUInt32LE(at + 8)) break;
    places.push({ offset, length, records });
    at = offset + length;
  }
  return { places, tornBytes: segment.length - at };
}

/** Whether a payload is the one that its header describes. */
export function isWhole(header: Buffer, payload: Buffer): boolean {
  return (
    header.readUInt32LE(0) === payload.length && header.readUInt32LE(8) === checksum(payload, header.readUInt32LE(4))
  );
}
