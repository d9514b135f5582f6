import { ShortlistError } from '../contracts/errors.ts';

/** What can be read from an ONNX file without running it. */
export interface ModelFacts {
  /** Count of each operator in the graph as written (before ONNX Runtime optimises it). */
  readonly operators: ReadonlyMap<string, number>;
  /** Multiply-adds per row of a batch: the size of every matrix that a Gemm or MatMul multiplies by. */
  readonly macsPerRow: number;
  /** Weights and biases stored in the file. */
  readonly parameters: number;
}

/**
 * Reads the facts of an ONNX model from its bytes and refuses tensors that live outside the file: ONNX Runtime would
 * follow such a path wherever it points (research/reliability.md, section b), and a digest would not cover it.
 *
 * A walk over the protobuf wire format, of which five messages matter; field numbers from onnx.proto3. We do not use a
 * protobuf library because the schema would have to be shipped and compiled for these few numbers.
 * Errors: `release_model_invalid`.
 */
export function readModelFacts(bytes: Uint8Array, file: string): ModelFacts {
  const operators = new Map<string, number>();
  const matrixNames: string[] = [];
  const sizes = new Map<string, readonly number[]>();
  const dequantized = new Map<string, string>();
  let parameters = 0;
  let graphs = 0;

  const tensor = (from: number, to: number) => {
    const dims: number[] = [];
    let name = '';
    for (const field of fieldsOf(bytes, from, to, file)) {
      if (field.number === TENSOR.dims) dims.push(...varintsOf(bytes, field, file));
      if (field.number === TENSOR.name) name = textOf(bytes, field);
      if (field.number === TENSOR.externalData || (field.number === TENSOR.dataLocation && field.value === EXTERNAL))
        throw invalid(file, name || 'tensor', 'its data lies outside the file, which is not allowed');
    }
    sizes.set(name, dims);
    return dims.reduce((product, dim) => product * dim, 1);
  };
  const node = (from: number, to: number) => {
    const inputs: string[] = [];
    let output = '';
    let operator = '';
    for (const field of fieldsOf(bytes, from, to, file)) {
      if (field.number === NODE.input) inputs.push(textOf(bytes, field));
      if (field.number === NODE.output) output ||= textOf(bytes, field);
      if (field.number === NODE.opType) operator = textOf(bytes, field);
      if (field.number === NODE.attribute) attribute(field.from, field.to);
    }
    operators.set(operator, (operators.get(operator) ?? 0) + 1);
    if (operator === 'DequantizeLinear') dequantized.set(output, inputs[0] ?? '');
    if (operator === 'Gemm' || operator === 'MatMul') matrixNames.push(inputs[1] ?? '');
  };
  const attribute = (from: number, to: number) => {
    for (const field of fieldsOf(bytes, from, to, file)) {
      if (field.number === ATTRIBUTE.tensor || field.number === ATTRIBUTE.tensors) tensor(field.from, field.to);
      if (field.number === ATTRIBUTE.graph || field.number === ATTRIBUTE.graphs) graph(field.from, field.to);
    }
  };
  const graph = (from: number, to: number) => {
    for (const field of fieldsOf(bytes, from, to, file)) {
      if (field.number === GRAPH.node) node(field.from, field.to);
      if (field.number === GRAPH.initializer) parameters += tensor(field.from, field.to);
    }
  };
  for (const field of fieldsOf(bytes, 0, bytes.length, file)) {
    if (field.number !== MODEL.graph) continue;
    graphs += 1;
    graph(field.from, field.to);
  }
  if (graphs !== 1) throw invalid(file, 'graph', graphs === 0 ? 'it is empty or not an ONNX model' : 'it has several');

  let macsPerRow = 0;
  for (const name of matrixNames) {
    const dims = sizes.get(name) ?? sizes.get(dequantized.get(name) ?? '');
    if (dims?.length === 2) macsPerRow += dims[0]! * dims[1]!;
  }
  return { operators, macsPerRow, parameters };
}

const MODEL = { graph: 7 } as const;
const GRAPH = { node: 1, initializer: 5 } as const;
const NODE = { input: 1, output: 2, opType: 4, attribute: 5 } as const;
const ATTRIBUTE = { tensor: 5, graph: 6, tensors: 10, graphs: 11 } as const;
const TENSOR = { dims: 1, name: 8, externalData: 13, dataLocation: 14 } as const;
const EXTERNAL = 1;

interface Field {
  readonly number: number;
  readonly wireType: number;
  /** Of a varint; 0 otherwise. */
  readonly value: number;
  /** Of a length-delimited field: where its bytes lie. */
  readonly from: number;
  readonly to: number;
}

function* fieldsOf(bytes: Uint8Array, from: number, to: number, file: string): Generator<Field> {
  let at = from;
  while (at < to) {
    const tag = varint(bytes, at, to, file);
    const number = Math.floor(tag.value / 8);
    const wireType = tag.value % 8;
    at = tag.next;
    if (wireType === 0) {
      const { value, next } = varint(bytes, at, to, file);
      yield { number, wireType, value, from: at, to: next };
      at = next;
      continue;
    }
    let length: number;
    if (wireType === 1) length = 8;
    else if (wireType === 5) length = 4;
    else if (wireType === 2) {
      const size = varint(bytes, at, to, file);
      length = size.value;
      at = size.next;
    } else throw invalid(file, `byte ${at}`, 'it is not an ONNX model');
    if (at + length > to) throw invalid(file, `byte ${at}`, 'it is cut short');
    yield { number, wireType, value: 0, from: at, to: at + length };
    at += length;
  }
}

/** Sizes and dimensions stay far below 2^53; negative numbers (ten bytes) are never among the fields we read. */
function varint(bytes: Uint8Array, from: number, to: number, file: string): { value: number; next: number } {
  let value = 0;
  let scale = 1;
  for (let at = from; at < Math.min(to, from + 10); at++) {
    const byte = bytes[at]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, next: at + 1 };
    scale *= 128;
  }
  throw invalid(file, `byte ${from}`, 'it is cut short or not an ONNX model');
}

/** A repeated integer, packed or not. */
function varintsOf(bytes: Uint8Array, field: Field, file: string): number[] {
  if (field.wireType === 0) return [field.value];
  const values: number[] = [];
  for (let at = field.from; at < field.to;) {
    const { value, next } = varint(bytes, at, field.to, file);
    values.push(value);
    at = next;
  }
  return values;
}

function textOf(bytes: Uint8Array, field: Field): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + field.from, field.to - field.from).toString('utf8');
}

function invalid(file: string, field: string, reason: string): ShortlistError {
  return new ShortlistError('release_model_invalid', { file, field, reason });
}
