import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileKernel, KERNEL_FILE } from '../../../scripts/compile-kernel.ts';

describe('the committed kernel', () => {
  it('is what its source compiles to, byte for byte', () => {
    expect(Buffer.from(compileKernel()).equals(readFileSync(KERNEL_FILE))).toBe(true);
  });
});
