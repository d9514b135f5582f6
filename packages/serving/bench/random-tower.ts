import { TOWER_EVENTS_MAX } from '@shortlist/core/release/user-tower.ts';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import { draw, FLOAT, floats, INT32, intAttribute, model, node, tensor, value, type Graph } from './onnx-wire.ts';

const HIDDEN = 128;
/** Small: a user stays near the items of the profile, as with a trained tower. */
const SPREAD = 0.02;

/**
 * A user tower of the served shape with random weights: softmax-weighted pooling of 50 item vectors by vector and age,
 * an MLP beside the residual, unit length. Padding is not masked, which changes answers but not cost.
 */
export function randomTower(dim: number, seed = 2): Uint8Array {
  const random = seededRandom(seed);
  const graph: Graph = { nodes: [], initializers: [] };
  const weights = (name: string, ...dims: number[]) =>
    tensor(
      graph,
      name,
      FLOAT,
      dims,
      floats(
        draw(
          dims.reduce((a, b) => a * b),
          () => (random() * 2 - 1) * SPREAD,
        ),
      ),
    );
  weights('query', dim, 1);
  weights('age', 1);
  weights('types', 16);
  weights('w0', dim, HIDDEN);
  weights('b0', HIDDEN);
  weights('w1', HIDDEN, dim);
  weights('b1', dim);
  tensor(graph, 'last', 7, [1], new Uint8Array(new BigInt64Array([2n]).buffer));
  tensor(graph, 'one', FLOAT, [], floats([1]));

  node(graph, 'Gather', ['item_vectors', 'rows'], 'vectors');
  node(graph, 'MatMul', ['vectors', 'query'], 'closeness3');
  node(graph, 'Squeeze', ['closeness3', 'last'], 'closeness');
  node(graph, 'Gather', ['types', 'event_types'], 'type_bias');
  node(graph, 'Add', ['ages_s', 'one'], 'shifted');
  node(graph, 'Log', ['shifted'], 'log_age');
  node(graph, 'Mul', ['log_age', 'age'], 'age_bias');
  node(graph, 'Sum', ['closeness', 'type_bias', 'age_bias'], 'logits');
  node(graph, 'Softmax', ['logits'], 'shares', [intAttribute('axis', 1)]);
  node(graph, 'Unsqueeze', ['shares', 'last'], 'shares3');
  node(graph, 'Mul', ['vectors', 'shares3'], 'weighted');
  tensor(graph, 'events', 7, [1], new Uint8Array(new BigInt64Array([1n]).buffer));
  node(graph, 'ReduceSum', ['weighted', 'events'], 'pooled', [intAttribute('keepdims', 0)]);
  node(graph, 'Gemm', ['pooled', 'w0', 'b0'], 'h');
  node(graph, 'Relu', ['h'], 'r');
  node(graph, 'Gemm', ['r', 'w1', 'b1'], 'o');
  node(graph, 'Add', ['o', 'pooled'], 'raw');
  node(graph, 'LpNormalization', ['raw'], 'user_vectors', [intAttribute('axis', 1), intAttribute('p', 2)]);
  const inputs = [
    value('item_vectors', FLOAT, ['n', dim]),
    value('rows', INT32, ['b', TOWER_EVENTS_MAX]),
    value('event_types', INT32, ['b', TOWER_EVENTS_MAX]),
    value('ages_s', FLOAT, ['b', TOWER_EVENTS_MAX]),
  ];
  return model(graph, inputs, value('user_vectors', FLOAT, ['b', dim]));
}
