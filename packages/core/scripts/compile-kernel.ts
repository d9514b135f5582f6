/**
 * Compiles packages/core/assembly to the .wasm files in src, which are committed: whoever runs Shortlist needs no compiler.
 * `node packages/core/scripts/compile-kernel.ts`; test/retrieval/kernel/kernel-build.test.ts holds them equal.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const SOURCES = join(import.meta.dirname, '../assembly');
const SRC = join(import.meta.dirname, '../src');

/** What is compiled, and where to. */
export const KERNELS = [
  { source: 'kernel.ts', file: join(SRC, 'retrieval/kernel/kernel.wasm') },
  { source: 'list-sums.ts', file: join(SRC, 'retrieval/list-sums.wasm') },
  { source: 'products.ts', file: join(SRC, 'retrieval/products.wasm') },
  { source: 'fold-in.ts', file: join(SRC, 'retrieval/sources/fold-in.wasm') },
] as const;

/** Nothing is allocated, so there is no runtime; array bounds are the host's affair, so nothing is asserted. */
const OPTIONS = [
  ...['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--enable', 'relaxed-simd'],
  ...['--importMemory', '--initialMemory', '16', '--maximumMemory', '65536'],
];

/**
 * As a process of its own: the types of the compiler's module would change those of arrays in the whole project.
 * @throws Error that has what the compiler says
 */
export function compileKernel(source: (typeof KERNELS)[number]['source']): Uint8Array {
  const compiler = join(dirname(createRequire(import.meta.url).resolve('assemblyscript/package.json')), 'bin/asc.js');
  const folder = mkdtempSync(join(tmpdir(), 'shortlist-kernel-'));
  try {
    const file = join(folder, 'kernel.wasm');
    execFileSync(process.execPath, [compiler, source, '--baseDir', SOURCES, '--outFile', file, ...OPTIONS]);
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (import.meta.main) for (const { source, file } of KERNELS) writeFileSync(file, compileKernel(source));
