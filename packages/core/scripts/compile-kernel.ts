/**
 * Compiles packages/core/assembly to src/retrieval/kernel/kernel.wasm, which is committed: whoever runs Shortlist needs no
 * compiler. `node packages/core/scripts/compile-kernel.ts`; test/retrieval/kernel/kernel-build.test.ts holds the two equal.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

const SOURCES = join(import.meta.dirname, '../assembly');
export const KERNEL_FILE = join(import.meta.dirname, '../src/retrieval/kernel/kernel.wasm');

/** Nothing is allocated, so there is no runtime; array bounds are the host's affair, so nothing is asserted. */
const OPTIONS = [
  ...['kernel.ts', '--baseDir', SOURCES, '--outFile', 'kernel.wasm'],
  ...['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--enable', 'relaxed-simd'],
  ...['--importMemory', '--initialMemory', '16', '--maximumMemory', '65536'],
];

export async function compileKernel(): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const { error } = await asc.main(OPTIONS, {
    writeFile: (_name, content) => void (binary = content as Uint8Array),
  });
  if (error !== null || binary === undefined) throw new Error('the kernel does not compile', { cause: error });
  return binary;
}

if (import.meta.main) writeFileSync(KERNEL_FILE, await compileKernel());
