import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CsvRecords } from '../../src/import/csv-records.ts';

function read(text: string) {
  const records: { line: number; fields: readonly string[] }[] = [];
  const rejects: { line: number; reason: string }[] = [];
  const reader = new CsvRecords(
    ({ number: line, fields }) => records.push({ line, fields }),
    ({ number: line, reason }) => rejects.push({ line, reason }),
  );
  text.split('\n').forEach((line, i) => reader.push({ number: i + 1, text: line }));
  reader.end();
  return { records, rejects };
}

test('quoted fields may hold commas, quotes and line ends', () => {
  expect(read('a,"b, ""c""\nd",e\nf,,\n')).toEqual({
    records: [
      { line: 1, fields: ['a', 'b, "c"\nd', 'e'] },
      { line: 3, fields: ['f', '', ''] },
    ],
    rejects: [],
  });
});

test('a lost quote costs its own line, not the rest of the file', () => {
  const lines = Array.from({ length: 200 }, (_, i) => `${i},x`);
  lines[5] = '5,"x';
  const { records, rejects } = read(lines.join('\n'));
  expect(rejects).toEqual([{ line: 6, reason: 'the quote is not closed' }]);
  expect(records).toHaveLength(199);
});

test('two lost quotes cost two lines, whatever stands between them', () => {
  const { records, rejects } = read('1,"a\n2,b\n3,"c\n4,d');
  expect(records.map(({ line }) => line)).toEqual([2, 4]);
  expect(rejects.map(({ line }) => line)).toEqual([1, 3]);
});

test.each([
  ['a,b"c"', 'column 2: a quote inside an unquoted field'],
  ['a,"b"c', 'column 2: text after the closing quote'],
  ['a,"b', 'the quote is not closed'],
])('%s is rejected: %s', (text, reason) => {
  expect(read(`${text}\nnext`)).toEqual({
    records: [{ line: 2, fields: ['next'] }],
    rejects: [{ line: 1, reason: expect.stringContaining(reason.split(': ').at(-1)!) as string }],
  });
});

test('well-formed input reads as csv-parse reads it', () => {
  const field = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', ' ', 'é', '🛒'), maxLength: 8 });
  const quote = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const table = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 10 });
  fc.assert(
    fc.property(table, (rows) => {
      const text = rows.map((fields) => fields.map(quote).join(',')).join('\n');
      const expected = parse(text, { relax_column_count: true });
      const { records, rejects } = read(text);
      expect(rejects).toEqual([]);
      expect(records.map(({ fields }) => fields)).toEqual(expected);
    }),
  );
});

test('whatever the input, every line is read or rejected and reading comes to an end', () => {
  const text = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n'), maxLength: 300 });
  fc.assert(
    fc.property(text, (input) => {
      const { records, rejects } = read(input);
      const lines = input.split('\n').filter((line) => line !== '').length;
      expect(records.length + rejects.length).toBeLessThanOrEqual(input.split('\n').length);
      if (lines > 0) expect(records.length + rejects.length).toBeGreaterThan(0);
    }),
    { numRuns: 500 },
  );
});
