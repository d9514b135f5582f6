import { PIECE, type Pieces } from '../../catalog/pieces.ts';
import { BLOCK, blocksOf } from './codes.ts';

/** "SLSCAN" and the format's version. */
const MAGIC = [0x43534c53, 0x01004e41] as const;
const HEADER_BYTES = 64;
const ALIGNMENT = 64;

/** What stands in the header of an index file. */
export interface IndexShape {
  readonly dim: number;
  /** Items. */
  readonly count: number;
  /** Lists; 1: a flat scan. */
  readonly listCount: number;
  /** Blocks of 16 items, of all lists. */
  readonly blocks: number;
  /** What values were multiplied by to be codes. */
  readonly scale: number;
}

/** Offsets of the tables in an index file, each at a multiple of 64. */
export interface IndexLayout {
  /** Codes of the centres, `[blocks of lists, 16 * dim]`. */
  readonly centres: number;
  /** int32 `[lists]`: each list's first block. */
  readonly firstBlocks: number;
  /** int32 `[lists]`: each list's items. */
  readonly sizes: number;
  /** int32 `[16 * blocks]`: the row at each position; 0 where a list's last block is not full. */
  readonly rows: number;
  /** uint8 `[blocks, 16 * dim]`. */
  readonly codes: number;
  readonly bytes: number;
}

export function layoutOf({ dim, listCount, blocks }: IndexShape): IndexLayout {
  let end = HEADER_BYTES;
  const take = (bytes: number): number => {
    const start = end;
    end = Math.ceil((end + bytes) / ALIGNMENT) * ALIGNMENT;
    return start;
  };
  return {
    centres: take(blocksOf(listCount) * BLOCK * dim),
    firstBlocks: take(4 * listCount),
    sizes: take(4 * listCount),
    rows: take(4 * BLOCK * blocks),
    codes: take(BLOCK * blocks * dim),
    bytes: end,
  };
}

/** An empty file of this shape, with its header. */
export function emptyIndexFile(shape: IndexShape): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(layoutOf(shape).bytes);
  const header = new DataView(file.buffer);
  [...MAGIC, shape.dim, shape.count, shape.listCount, shape.blocks].forEach((value, i) =>
    header.setUint32(4 * i, value, true),
  );
  header.setFloat64(24, shape.scale, true);
  return file;
}

/** Reads the header; throws when it is not one, or not of a file of this length. */
export function readShape(file: Uint8Array): IndexShape {
  if (file.length < HEADER_BYTES) throw new Error(`${file.length} bytes are no index`);
  const header = new DataView(file.buffer, file.byteOffset, HEADER_BYTES);
  const word = (i: number) => header.getUint32(4 * i, true);
  if (word(0) !== MAGIC[0] || word(1) !== MAGIC[1]) throw new Error('it does not begin as an index does');
  const scale = header.getFloat64(24, true);
  const shape = { dim: word(2), count: word(3), listCount: word(4), blocks: word(5), scale };
  if (shape.dim % BLOCK !== 0 || shape.dim === 0) throw new Error(`dimension ${shape.dim} is no multiple of ${BLOCK}`);
  if (!(scale > 0 && scale < Infinity)) throw new Error(`its scale is ${scale}`);
  const { bytes } = layoutOf(shape);
  if (bytes !== file.length) throw new Error(`it has ${file.length} bytes, its header speaks of ${bytes}`);
  return shape;
}

/** Views of the tables of a file. The arrays are little-endian, as every machine that Node runs on. */
export function tablesOf(file: Uint8Array<ArrayBuffer>, shape: IndexShape) {
  const at = layoutOf(shape);
  const ints = (offset: number, length: number) => new Int32Array(file.buffer, file.byteOffset + offset, length);
  return {
    centres: file.subarray(at.centres, at.firstBlocks),
    firstBlocks: ints(at.firstBlocks, shape.listCount),
    sizes: ints(at.sizes, shape.listCount),
    rows: ints(at.rows, BLOCK * shape.blocks),
    codes: file.subarray(at.codes),
  };
}

/**
 * Throws unless every row is in the lists exactly once, and every list within the blocks: the kernel trusts the tables,
 * and WebAssembly only keeps it inside its memory.
 */
export function* checkTables(file: Uint8Array<ArrayBuffer>, shape: IndexShape): Pieces<void> {
  const { firstBlocks, sizes, rows } = tablesOf(file, shape);
  const seen = new Uint8Array(shape.count);
  let looked = 0;
  let block = 0;
  for (let list = 0; list < shape.listCount; list++) {
    const size = sizes[list]!;
    if (firstBlocks[list] !== block || size < 0 || block + blocksOf(size) > shape.blocks)
      throw new Error(`list ${list} is not where the one before it ends`);
    const first = block * BLOCK;
    block += blocksOf(size);
    for (let position = first; position < block * BLOCK; position++) {
      const row = rows[position]!;
      const filler = position >= first + size;
      if (filler ? row !== 0 : row < 0 || row >= shape.count || seen[row] === 1)
        throw new Error(`position ${position} names row ${row}`);
      if (!filler) seen[row] = 1;
      if (++looked % PIECE === 0) yield;
    }
  }
  let found = 0;
  for (let list = 0; list < shape.listCount; list++) found += sizes[list]!;
  if (found !== shape.count) throw new Error(`its lists have ${found} of ${shape.count} rows`);
}
