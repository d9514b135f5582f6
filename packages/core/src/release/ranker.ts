import { Tensor } from 'onnxruntime-node';
import type { ModelFacts } from './model-file.ts';
import { openModel, runModel, type OpenModel } from './sessions.ts';

/** Columns of the logits: click, conversion. */
export const RANKER_HEADS = 2;

/** Rows are padded to a multiple of this, at least one: a single row takes another routine, with other rounding. */
const ROWS_MULTIPLE = 16;

/** Candidates of one or several requests. */
export interface RankerBatch {
  /** Requests in the batch, B. */
  readonly requests: number;
  /** Candidates of all requests together, K. */
  readonly count: number;
  /** `[B, Du]`. */
  readonly userFeatures: Float32Array;
  /** `[K, Dc]`. */
  readonly crossFeatures: Float32Array;
  /** `[K]`: row of each candidate in the item-feature table. */
  readonly itemRows: Int32Array;
  /** `[K]`: which request (0 <= b < B) each candidate belongs to. */
  readonly requestIndex: Int32Array;
  /** Read instead of the resident item features, `[m, Di]`: explanations ask what another item would have scored. */
  readonly itemTable?: Float32Array;
}

export interface RankerWidths {
  readonly item: number;
  readonly user: number;
  readonly cross: number;
}

/** ranker.*.onnx with the item-feature table it reads. Logits are calibrated: a sigmoid gives probabilities. */
export class Ranker {
  readonly widths: RankerWidths;
  readonly facts: ModelFacts;
  readonly #model: OpenModel;
  readonly #itemFeatures: Tensor;

  private constructor(model: OpenModel, itemFeatures: Tensor, widths: RankerWidths) {
    this.#model = model;
    this.#itemFeatures = itemFeatures;
    this.widths = widths;
    this.facts = model.facts;
  }

  /**
   * `itemFeatures`: `[n, widths.item]`, wrapped once and never copied, so a value changed in place is seen by the next
   * run. Errors: `release_model_invalid`.
   */
  static async open(
    bytes: Uint8Array,
    file: string,
    itemFeatures: Float32Array,
    widths: RankerWidths,
  ): Promise<Ranker> {
    const model = await openModel(bytes, file, {
      inputs: [
        { name: 'item_features', type: 'float32', shape: [null, widths.item] },
        { name: 'user_features', type: 'float32', shape: [null, widths.user] },
        { name: 'cross_features', type: 'float32', shape: [null, widths.cross] },
        { name: 'item_rows', type: 'int32', shape: [null] },
        { name: 'request_index', type: 'int32', shape: [null] },
      ],
      outputs: [{ name: 'logits', type: 'float32', shape: [null, RANKER_HEADS] }],
    });
    const table = new Tensor('float32', itemFeatures, [itemFeatures.length / widths.item, widths.item]);
    return new Ranker(model, table, widths);
  }

  /**
   * Logits `[K, 2]` (click, conversion), owned by the caller. The batch's arrays may be longer than needed, are read
   * until the promise settles, and must not change before. The score of a candidate is the same to the last bit
   * whatever else is in the batch (test/release/batch-invariance.test.ts).
   */
  async run(batch: RankerBatch): Promise<Float32Array> {
    const { requests, count, itemTable } = batch;
    const { widths } = this;
    if (count === 0) return new Float32Array(0);
    const rows = Math.ceil(count / ROWS_MULTIPLE) * ROWS_MULTIPLE;
    const { logits } = await runModel(this.#model, {
      item_features:
        itemTable === undefined
          ? this.#itemFeatures
          : new Tensor('float32', itemTable, [itemTable.length / widths.item, widths.item]),
      user_features: new Tensor(
        'float32',
        filledUp(batch.userFeatures, requests * widths.user, requests * widths.user),
        [requests, widths.user],
      ),
      cross_features: new Tensor('float32', atLeast(batch.crossFeatures, count * widths.cross, rows * widths.cross), [
        rows,
        widths.cross,
      ]),
      item_rows: new Tensor('int32', filledUp(batch.itemRows, count, rows), [rows]),
      request_index: new Tensor('int32', filledUp(batch.requestIndex, count, rows), [rows]),
    });
    return (logits!.data as Float32Array).subarray(0, count * RANKER_HEADS);
  }

  /** Frees the native session; the ranker must not be used afterwards. */
  async close(): Promise<void> {
    await this.#model.session.release();
  }
}

/** The first `used` values, followed by zeros up to `size`; a view where nothing needs to be added. */
function filledUp<T extends Int32Array | Float32Array>(values: T, used: number, size: number): T {
  if (used === size) return (values.length === size ? values : values.subarray(0, size)) as T;
  const padded = (values instanceof Int32Array ? new Int32Array(size) : new Float32Array(size)) as T;
  padded.set(values.subarray(0, used));
  return padded;
}

/** As filledUp, but what follows may be anything: padded rows are thrown away, and no row looks at another. */
function atLeast(values: Float32Array, used: number, size: number): Float32Array {
  return values.length >= size ? values.subarray(0, size) : filledUp(values, used, size);
}
