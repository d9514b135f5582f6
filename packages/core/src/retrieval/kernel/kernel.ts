import { MEMORY_BYTES_MAX, openModule } from '../../web-assembly.ts';

const FILE = new URL('kernel.wasm', import.meta.url);

/** What packages/core/assembly/kernel.ts exports. */
interface Exports {
  configure(
    dim: number,
    listCount: number,
    centres: number,
    firstBlocks: number,
    sizes: number,
    rows: number,
    codes: number,
    vectors: number,
  ): void;
  search(k: number, keep: number, probes: number, mask: number, survivorsWanted: number): number;
  survivorsSeen(): number;
  prepareExact(): void;
  scoreGiven(count: number): void;
  scoreSurvivors(mask: number, from: number, end: number): number;
  rowsScanned(): number;
  products(count: number, queryCount: number): void;
  nearestList(): number;
}

/** Addresses and limits, from packages/core/assembly/layout.ts. */
const CONSTANTS = [
  ...(['DIM_MAX', 'KEEP_MAX', 'LISTS_MAX', 'TABLES'] as const),
  ...(['QUERY', 'QUERIES', 'IDS', 'KEYS', 'SCORES', 'SORTED_IDS'] as const),
];
export type KernelLayout = Readonly<Record<(typeof CONSTANTS)[number], number>>;

let layout: KernelLayout | null = null;

/**
 * The scan kernel with a memory of its own, whose size is fixed: nothing moves, so arrays over it stay good. Not for two
 * searches at once; JavaScript gives it none.
 */
export class Kernel {
  /** Where things are, and what is the most of them. */
  readonly layout: KernelLayout;
  readonly run: Exports;
  readonly buffer: ArrayBuffer;

  /** `bytes`: how much room is wanted behind `layout.TABLES`. Throws a RangeError beyond `Kernel.bytesMax()`. */
  constructor(bytes: number) {
    this.layout = kernelLayout();
    const { exports, buffer } = openModule<Exports>(FILE, this.layout.TABLES + bytes);
    this.run = exports;
    this.buffer = buffer;
  }

  /** Most bytes that one kernel can have behind its scratch space: an index must fit into 4 GiB. */
  static bytesMax(): number {
    return MEMORY_BYTES_MAX - kernelLayout().TABLES;
  }
}

/** Constants of the kernel; they are in the binary, so that the two never differ. */
export function kernelLayout(): KernelLayout {
  if (layout !== null) return layout;
  const { exports } = openModule<Record<string, { value: number }>>(FILE, 0);
  const values = CONSTANTS.map((name) => [name, exports[name]!.value]);
  return (layout = Object.fromEntries(values) as KernelLayout);
}
