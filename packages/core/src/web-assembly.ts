import { readFileSync } from 'node:fs';

/** The part of WebAssembly's interface that is used; the types of Node do not have it. */
interface WasmMemory {
  readonly buffer: ArrayBuffer;
}
interface WasmApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: unknown) => { readonly exports: unknown };
  readonly Memory: new (size: { initial: number; maximum: number }) => WasmMemory;
}

const wasm = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly;

const PAGE_BYTES = 1 << 16;
/** What every module is compiled with (scripts/compile-kernel.ts). The most is the whole address space of a 32-bit memory. */
const PAGES = { min: 16, max: 1 << 16 } as const;
export const MEMORY_BYTES_MAX = PAGES.max * PAGE_BYTES;

/** By file; an instance is made of it each time. */
const compiled = new Map<string, object>();

/**
 * The module in `file`, compiled once, with a memory of its own of at least `bytes`, whose size is fixed: nothing moves, so
 * arrays over it stay good. Throws a RangeError beyond MEMORY_BYTES_MAX.
 */
export function openModule<Exports>(
  file: URL,
  bytes: number,
): { readonly exports: Exports; readonly buffer: ArrayBuffer } {
  let module = compiled.get(file.href);
  if (module === undefined) compiled.set(file.href, (module = new wasm.Module(readFileSync(file))));
  const initial = Math.max(PAGES.min, Math.ceil(bytes / PAGE_BYTES));
  const memory = new wasm.Memory({ initial, maximum: PAGES.max });
  return { exports: new wasm.Instance(module, { env: { memory } }).exports as Exports, buffer: memory.buffer };
}
