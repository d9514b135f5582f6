import { FEATURE_WIDTHS } from '@shortlist/core/features/definitions.ts';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import {
  draw,
  FLOAT,
  floats,
  INT32,
  INT8,
  intAttribute,
  model,
  node,
  tensor,
  UINT8,
  value,
  type Graph,
} from './onnx-wire.ts';

/**
 * A ranker of the served shape with random weights: what models/ exports (Gather, Concat, two hidden layers, two heads),
 * as fp32 or as static QDQ U8S8 per channel. Its answers mean nothing; its cost and its arithmetic are the real ones, so
 * benchmarks and tests need no training run. The input's z-score is left out (one cheap pass).
 */
export function randomRanker(precision: 'fp32' | 'int8', hidden: readonly number[] = [256, 128], seed = 1): Uint8Array {
  const random = seededRandom(seed);
  const { item, user, cross, total } = FEATURE_WIDTHS;
  const graph: Graph = { nodes: [], initializers: [] };
  node(graph, 'Gather', ['item_features', 'item_rows'], 'item');
  node(graph, 'Gather', ['user_features', 'request_index'], 'user');
  node(graph, 'Concat', ['item', 'user', 'cross_features'], 'raw', [intAttribute('axis', 1)]);
  tensor(graph, 'low', FLOAT, [], floats([-4]));
  tensor(graph, 'high', FLOAT, [], floats([4]));
  node(graph, 'Clip', ['raw', 'low', 'high'], 'x0');
  const widths = [total, ...hidden, 2];
  for (let layer = 0; layer + 1 < widths.length; layer++) {
    const last = layer + 2 === widths.length;
    const size = { from: widths[layer]!, to: widths[layer + 1]! };
    const output = last ? 'logits' : `x${layer + 1}`;
    const dense = precision === 'fp32' ? denseFloat : denseQuantized;
    dense(graph, { layer, ...size, input: `x${layer}`, output: last ? output : `g${layer}`, random });
    if (!last) node(graph, 'Relu', [`g${layer}`], output);
  }
  const inputs = [
    value('item_features', FLOAT, ['n', item]),
    value('user_features', FLOAT, ['b', user]),
    value('cross_features', FLOAT, ['k', cross]),
    value('item_rows', INT32, ['k']),
    value('request_index', INT32, ['k']),
  ];
  return model(graph, inputs, value('logits', FLOAT, ['k', 2]));
}

interface Dense {
  readonly layer: number;
  readonly from: number;
  readonly to: number;
  readonly input: string;
  readonly output: string;
  readonly random: () => number;
}

function denseFloat(graph: Graph, { layer, from, to, input, output, random }: Dense): void {
  const spread = Math.sqrt(6 / from);
  tensor(graph, `w${layer}`, FLOAT, [from, to], floats(draw(from * to, () => (random() * 2 - 1) * spread)));
  tensor(graph, `b${layer}`, FLOAT, [to], floats(draw(to, () => random() * 0.1)));
  node(graph, 'Gemm', [input, `w${layer}`, `b${layer}`], output);
}

/** Activations U8 with one scale, weights S8 with one scale per output, bias S32: what ORT fuses to QGemm. */
function denseQuantized(graph: Graph, { layer, from, to, input, output, random }: Dense): void {
  const inputScale = 8 / 255;
  const weightScale = Math.sqrt(6 / from) / 127;
  tensor(graph, `xs${layer}`, FLOAT, [], floats([inputScale]));
  tensor(graph, `xz${layer}`, UINT8, [], Uint8Array.of(layer === 0 ? 128 : 0));
  node(graph, 'QuantizeLinear', [input, `xs${layer}`, `xz${layer}`], `xq${layer}`);
  node(graph, 'DequantizeLinear', [`xq${layer}`, `xs${layer}`, `xz${layer}`], `xd${layer}`);

  const weights = Int8Array.from(draw(from * to, () => Math.round((random() * 2 - 1) * 127)));
  tensor(graph, `wq${layer}`, INT8, [from, to], new Uint8Array(weights.buffer));
  tensor(graph, `ws${layer}`, FLOAT, [to], floats(draw(to, () => weightScale)));
  tensor(graph, `wz${layer}`, INT8, [to], new Uint8Array(to));
  node(graph, 'DequantizeLinear', [`wq${layer}`, `ws${layer}`, `wz${layer}`], `wd${layer}`, [intAttribute('axis', 1)]);

  const bias = Int32Array.from(draw(to, () => Math.round((random() * 0.1) / (inputScale * weightScale))));
  tensor(graph, `bq${layer}`, INT32, [to], new Uint8Array(bias.buffer));
  tensor(graph, `bs${layer}`, FLOAT, [to], floats(draw(to, () => inputScale * weightScale)));
  tensor(graph, `bz${layer}`, INT32, [to], new Uint8Array(4 * to));
  node(graph, 'DequantizeLinear', [`bq${layer}`, `bs${layer}`, `bz${layer}`], `bd${layer}`, [intAttribute('axis', 0)]);
  node(graph, 'Gemm', [`xd${layer}`, `wd${layer}`, `bd${layer}`], output);
}
