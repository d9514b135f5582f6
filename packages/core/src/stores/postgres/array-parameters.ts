import { BinaryWriter } from './binary-values.ts';

/** Type numbers of PostgreSQL's catalogue, the same in every version. */
export const ELEMENT_TYPE = { int2: 21, text: 25, float4: 700, date: 1082, timestamptz: 1184, uuid: 2950 } as const;

/** An array as a parameter in binary format; `writeElement` writes the field of element i. */
export function arrayParameter(
  elementType: number,
  count: number,
  writeElement: (writer: BinaryWriter, i: number) => void,
): Buffer {
  const writer = new BinaryWriter(20 + count * 24);
  // Dimensions, whether nulls may occur, type, length, lower bound.
  writer.int32(1);
  writer.int32(1);
  writer.int32(elementType);
  writer.int32(count);
  writer.int32(1);
  for (let i = 0; i < count; i++) writeElement(writer, i);
  return writer.written;
}
