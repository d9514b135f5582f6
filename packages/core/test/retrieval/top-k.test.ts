import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TopK } from '../../src/retrieval/top-k.ts';

it('keeps what sorting would put first, whatever the order of arrival, ties by row', () => {
  const entries = fc.uniqueArray(fc.tuple(fc.nat(1000), fc.integer({ min: -3, max: 3 })), { selector: ([row]) => row });
  fc.assert(
    fc.property(entries, fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 40 }), (offered, k, capacity) => {
      const top = new TopK(capacity);
      const rows = new Int32Array(k);
      const scores = new Float32Array(k);
      // Twice: what the first stream left behind must not be seen.
      for (const stream of [[...offered].reverse(), offered]) {
        top.reset(k);
        for (const [row, score] of stream) if (score >= top.threshold) top.offer(row, score);
        const count = top.drain(rows, scores);
        const expected = [...offered].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, k);
        expect([...rows.subarray(0, count)]).toEqual(expected.map(([row]) => row));
        expect([...scores.subarray(0, count)]).toEqual(expected.map(([, score]) => score));
      }
    }),
  );
});
