import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileKernel, KERNELS } from '../../../scripts/compile-kernel.ts';

describe('a committed kernel', () => {
  it.each(KERNELS)('is what $source compiles to, byte for byte', ({ source, file }) => {
    expect(Buffer.from(compileKernel(source)).equals(readFileSync(file))).toBe(true);
  });
});
