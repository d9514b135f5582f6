import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/statistics/seeded-random.ts';
import { readModelFacts } from '../../src/release/model-file.ts';
import { Ranker } from '../../src/release/ranker.ts';
import { UserTower } from '../../src/release/user-tower.ts';
import { openTinyRanker, randomFloats, TINY, tinyModel } from './tiny-models.ts';

const items = randomFloats(20 * TINY.item, seededRandom(1));

describe('opening a model', () => {
  it.each([
    ['broken/wrong-input-width.onnx', 'input item_features', 'its shape is [n, 5], expected [any, 4]'],
    ['broken/wrong-input-name.onnx', 'input item_rows', 'it is missing'],
    ['broken/wrong-output-name.onnx', 'output logits', 'it is missing; the model has scores'],
    ['broken/one-head.onnx', 'output logits', 'its shape is [k, 1], expected [any, 2]'],
    ['broken/external-data.onnx', 'w0', 'lies outside the file'],
    ['broken/unknown-operator.onnx', 'graph', 'NotAnOperator'],
    ['broken/future-opset.onnx', 'graph', 'pset'],
    ['item-tower.onnx', 'input item_features', 'it is missing; the model has metadata'],
  ])('refuses %s and names %s', async (name, field, reason) => {
    await expect(openTinyRanker(name, items)).rejects.toMatchObject({
      code: 'release_model_invalid',
      details: { file: name, field, reason: expect.stringContaining(reason) as string },
    });
  });

  it('refuses a tower of another width', async () => {
    const opening = UserTower.open(tinyModel('broken/tower-wrong-dim.onnx'), 'user-tower.onnx', items, TINY.dim);
    await expect(opening).rejects.toMatchObject({
      code: 'release_model_invalid',
      details: { file: 'user-tower.onnx', field: 'input item_vectors' },
    });
  });

  it('refuses every truncation of a model without crashing', async () => {
    const whole = tinyModel('ranker.fp32.onnx');
    for (let length = 0; length < whole.length; length += 97) {
      const opening = Ranker.open(whole.slice(0, length), 'ranker.fp32.onnx', items, TINY);
      await expect(opening, `first ${length} bytes`).rejects.toMatchObject({ code: 'release_model_invalid' });
    }
  });
});

describe('facts of a model file', () => {
  it('counts operators, multiply-adds and weights', () => {
    const facts = readModelFacts(tinyModel('ranker.fp32.onnx'), 'ranker.fp32.onnx');
    expect(Object.fromEntries(facts.operators)).toEqual({ Gather: 2, Concat: 1, Gemm: 3, Relu: 2, Mul: 1, Add: 1 });
    expect(facts.macsPerRow).toBe(12 * 32 + 32 * 16 + 16 * 2);
    expect(facts.parameters).toBe(facts.macsPerRow + 32 + 16 + 2 + 2 + 2);
  });

  it('sees through the quantised weights of the int8 ranker', () => {
    const facts = readModelFacts(tinyModel('ranker.int8.onnx'), 'ranker.int8.onnx');
    expect(facts.macsPerRow).toBe(12 * 32 + 32 * 16 + 16 * 2);
  });
});
