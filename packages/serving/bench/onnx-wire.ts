/**
 * Just enough of onnx.proto3 to write small graphs of random weights: benchmarks and tests need a model's cost and
 * arithmetic, not its answers, and should need no training run and no Python.
 */

export const FLOAT = 1;
export const UINT8 = 2;
export const INT8 = 3;
export const INT32 = 6;

export interface Graph {
  readonly nodes: Buffer[];
  readonly initializers: Buffer[];
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Buffer.from([...bytes, value]);
}
const number = (field: number, value: number): Buffer => Buffer.concat([varint(field * 8), varint(value)]);
const bytes = (field: number, value: Uint8Array | string): Buffer => {
  const content = Buffer.from(value as string);
  return Buffer.concat([varint(field * 8 + 2), varint(content.length), content]);
};
const message = (field: number, ...parts: Buffer[]): Buffer => bytes(field, Buffer.concat(parts));

export function intAttribute(name: string, value: number): Buffer {
  return Buffer.concat([bytes(1, name), number(3, value), number(20, 2)]);
}

export function node(
  graph: Graph,
  operator: string,
  inputs: readonly string[],
  output: string,
  attributes: Buffer[] = [],
): void {
  graph.nodes.push(
    Buffer.concat([
      ...inputs.map((input) => bytes(1, input)),
      bytes(2, output),
      bytes(4, operator),
      ...attributes.map((attribute) => message(5, attribute)),
    ]),
  );
}

export function tensor(graph: Graph, name: string, type: number, dims: readonly number[], raw: Uint8Array): void {
  graph.initializers.push(
    Buffer.concat([...dims.map((dim) => number(1, dim)), number(2, type), bytes(8, name), bytes(9, raw)]),
  );
}

export function value(name: string, type: number, shape: readonly (number | string)[]): Buffer {
  const dims = shape.map((dim) => message(1, typeof dim === 'number' ? number(1, dim) : bytes(2, dim)));
  return Buffer.concat([bytes(1, name), message(2, message(1, number(1, type), message(2, ...dims)))]);
}

/** A model of one graph with these inputs and one output. */
export function model({ nodes, initializers }: Graph, inputs: readonly Buffer[], output: Buffer): Uint8Array {
  const graph = Buffer.concat([
    ...nodes.map((one) => message(1, one)),
    bytes(2, 'random'),
    ...initializers.map((one) => message(5, one)),
    ...inputs.map((one) => message(11, one)),
    message(12, output),
  ]);
  return Buffer.concat([number(1, 8), message(8, bytes(1, ''), number(2, 17)), message(7, graph)]);
}

export const draw = (count: number, next: () => number): number[] => Array.from({ length: count }, next);
export const floats = (values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
