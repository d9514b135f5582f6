import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frame, scanFrames } from '../../src/records/frames.ts';

const batches = fc.array(
  fc.record({ bytes: fc.uint8Array({ minLength: 1, maxLength: 60 }).map((b) => Buffer.from(b)), records: fc.nat(9) }),
  { maxLength: 8 },
);

describe('frames of a spool segment', () => {
  it('come back as they went in, and up to wherever the file was torn', () => {
    fc.assert(
      fc.property(batches, fc.nat(600), (written, cut) => {
        const { bytes, places } = frame(written, 0);
        expect(scanFrames(bytes)).toEqual({ places, tornBytes: 0 });
        const torn = bytes.subarray(0, Math.min(cut, bytes.length));
        const read = scanFrames(torn);
        const whole = places.filter(({ offset, length }) => offset + length <= torn.length);
        expect(read.places).toEqual(whole);
        expect(read.tornBytes).toBe(torn.length - (whole.at(-1) ? whole.at(-1)!.offset + whole.at(-1)!.length : 0));
        read.places.forEach(({ offset, length, records }, i) => {
          expect(torn.subarray(offset, offset + length)).toEqual(written[i]!.bytes);
          expect(records).toBe(written[i]!.records);
        });
      }),
    );
  });

  it('end before a byte that changed', () => {
    fc.assert(
      fc.property(
        batches.filter((some) => some.length > 0),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (written, at, flip) => {
          const { bytes, places } = frame(written, 0);
          const hit = at % bytes.length;
          bytes[hit]! ^= flip;
          const before = places.filter(({ offset, length }) => offset + length <= hit);
          expect(scanFrames(bytes).places).toEqual(before);
        },
      ),
    );
  });
});
