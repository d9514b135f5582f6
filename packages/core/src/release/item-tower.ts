import { Tensor } from 'onnxruntime-node';
import { METADATA_DIM } from '../features/item-metadata.ts';
import { openModel, runModel, type OpenModel } from './sessions.ts';

/** item-tower.onnx: metadata of an item that nobody has touched yet -> its unit vector in the space of the others. */
export class ItemTower {
  readonly dim: number;
  readonly #model: OpenModel;

  private constructor(model: OpenModel, dim: number) {
    this.#model = model;
    this.dim = dim;
  }

  /** Errors: `release_model_invalid`. */
  static async open(bytes: Uint8Array, file: string, dim: number): Promise<ItemTower> {
    const model = await openModel(bytes, file, {
      inputs: [{ name: 'metadata', type: 'float32', shape: [null, METADATA_DIM] }],
      outputs: [{ name: 'vectors', type: 'float32', shape: [null, dim] }],
    });
    return new ItemTower(model, dim);
  }

  /**
   * Vectors `[count, dim]` of `metadata`, `[count, METADATA_DIM]` as fillItemMetadata writes it. A row of zeros is added,
   * so that a vector does not depend on its batch-mates (user-tower.ts says how it would).
   */
  async run(metadata: Float32Array, count: number): Promise<Float32Array> {
    if (count === 0) return new Float32Array(0);
    const padded = new Float32Array((count + 1) * METADATA_DIM);
    padded.set(metadata.subarray(0, count * METADATA_DIM));
    const { vectors } = await runModel(this.#model, {
      metadata: new Tensor('float32', padded, [count + 1, METADATA_DIM]),
    });
    return (vectors!.data as Float32Array).slice(0, count * this.dim);
  }

  /** Frees the native session; the tower must not be used afterwards. */
  async close(): Promise<void> {
    await this.#model.session.release();
  }
}
