import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseManifest, serializeManifest } from '../../src/release/manifest.ts';
import { manifestContent } from './manifest-content.ts';

describe('a manifest', () => {
  it('reads back as written, under an id of minute and content', () => {
    const { id, text } = serializeManifest(manifestContent());
    expect(id).toMatch(/^r-202611210500-[0-9a-f]{8}$/);
    expect(parseManifest(text)).toEqual({ id, ...manifestContent() });
    expect(serializeManifest(manifestContent({ gitCommit: 'other' })).id).not.toBe(id);
  });

  it('never reads as another one after a flipped bit', () => {
    const { text } = serializeManifest(manifestContent());
    const whole = parseManifest(text);
    const bytes = Buffer.from(text);
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const flipped = Buffer.from(bytes);
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        let read: unknown;
        try {
          read = parseManifest(flipped.toString('utf8'));
        } catch (error) {
          expect((error as { code: string }).code).toMatch(/^release_(manifest_invalid|digest_mismatch)$/);
          return;
        }
        // White space may change; nothing that is said.
        expect(read).toEqual(whole);
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['', '(whole file)'],
    ['null', '(top)'],
    ['{"formatVersion":2}', 'formatVersion'],
    ['{"formatVersion":1}', '(top)'],
    [text({ createdAt: 3 as never }), 'createdAt'],
    [text({ items: 0 }), 'items'],
    [text({ files: [{ path: '../../etc/passwd', sha256: '0'.repeat(64), bytes: 1 }] }), 'files.0.path'],
    [text({ files: [{ path: '/etc/passwd', sha256: '0'.repeat(64), bytes: 1 }] }), 'files.0.path'],
    [text({ files: [{ path: 'a', sha256: 'x', bytes: 1 }] }), 'files.0.sha256'],
    [text({ files: [{ path: 'a', sha256: '0'.repeat(64), bytes: -1 }] }), 'files.0.bytes'],
  ])('names the field that is wrong: %.40s', (broken, field) => {
    expect(() => parseManifest(broken)).toThrowError(
      expect.objectContaining({ code: 'release_manifest_invalid', details: expect.objectContaining({ field }) }),
    );
  });
});

function text(changes: Parameters<typeof manifestContent>[0]): string {
  // createdAt must be text for the id; a wrong one is put in afterwards.
  const { createdAt, ...rest } = changes ?? {};
  const { text: written } = serializeManifest(manifestContent(rest));
  return createdAt === undefined ? written : written.replace(/"createdAt": "[^"]*"/, '"createdAt": 3');
}
