import { expect, test } from 'vitest';
import { parseSmaps, processMemory } from '../../src/serve/process-memory.ts';

test('the memory of a process is what the kernel says of it', () => {
  const text = '00400000-7fff [rollup]\nRss:  2048 kB\nPss:  1536 kB\nPss_Dirty: 12 kB\nShared_Clean: 512 kB\n';
  expect(parseSmaps(text)).toEqual({ rssBytes: 2_097_152, pssBytes: 1_572_864 });
});

test('nothing is said where the kernel says nothing', () => {
  expect(parseSmaps('Rss: 2048 kB\n')).toBeNull();
  expect(processMemory(2 ** 30)).toBeNull();
});
