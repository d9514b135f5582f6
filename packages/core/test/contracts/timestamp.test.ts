import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTimestamp } from '@shortlist/core/contracts/timestamp.ts';

test.each([
  ['2010-12-01 08:26:00', 1_291_191_960],
  ['2010-12-01T08:26:00Z', 1_291_191_960],
  ['2010-12-01T09:26:00.250+01:00', 1_291_191_960.25],
  ['2010-12-01T03:26:00-0500', 1_291_191_960],
  ['2010-12-01', 1_291_161_600],
  ['1291191960', 1_291_191_960],
  ['1291191960123', 1_291_191_960.123],
  [1_291_191_960, 1_291_191_960],
  [1_291_191_960_123, 1_291_191_960.123],
])('%s is %d s', (text, timeS) => {
  expect(parseTimestamp(text)).toBe(timeS);
});

test.each([
  '',
  'yesterday',
  '2010-02-31',
  '2010-13-01',
  '2010-12-01 25:00',
  '-5',
  'NaN',
  '1e9',
  '2200-01-01',
  '12/01/2010',
])('%j is no time', (text) => {
  expect(parseTimestamp(text)).toBeNaN();
});

test.each([NaN, Infinity, -1, 9e15])('%d is no time', (value) => {
  expect(parseTimestamp(value)).toBeNaN();
});

test('agrees with Date for every ISO time it accepts', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date('2099-12-31'), noInvalidDate: true }), (date) => {
      expect(parseTimestamp(date.toISOString())).toBeCloseTo(date.getTime() / 1000, 3);
    }),
  );
});
