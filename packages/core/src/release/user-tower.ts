import { Tensor } from 'onnxruntime-node';
import { EVENT_WEIGHT } from '../contracts/events.ts';
import type { Profile } from '../contracts/profile.ts';
import { openModel, runModel, type OpenModel } from './sessions.ts';

/** Most recent events the tower looks at; its inputs are `[B, 50]`. */
export const TOWER_EVENTS_MAX = 50;

/**
 * Profiles as the tower reads them: events that say something of interest (weight above 0), most recent first, padded
 * with type 0 and row 0. All `[B, 50]`, row-major. Training sees the same ones (two_tower/examples.py).
 */
export interface TowerInput {
  readonly count: number;
  readonly rows: Int32Array;
  readonly eventTypes: Int32Array;
  readonly agesS: Float32Array;
}

/** Lays out profiles for the tower; `nowS[b]` is the time of request `b` in unix seconds. */
export function towerInput(profiles: readonly Profile[], nowS: ArrayLike<number>): TowerInput {
  const size = profiles.length * TOWER_EVENTS_MAX;
  const input = {
    count: profiles.length,
    rows: new Int32Array(size),
    eventTypes: new Int32Array(size),
    agesS: new Float32Array(size),
  };
  profiles.forEach((profile, b) => {
    let taken = 0;
    for (let event = profile.length - 1; event >= 0 && taken < TOWER_EVENTS_MAX; event--) {
      if (EVENT_WEIGHT[profile.types[event]!] === 0) continue;
      const slot = b * TOWER_EVENTS_MAX + taken++;
      input.rows[slot] = profile.rows[event]!;
      input.eventTypes[slot] = profile.types[event]!;
      input.agesS[slot] = Math.max(0, nowS[b]! - profile.timesS[event]!);
    }
  });
  return input;
}

/** user-tower.onnx with the item vectors it reads: what somebody did lately -> a unit vector near what they want next. */
export class UserTower {
  readonly dim: number;
  readonly #model: OpenModel;
  readonly #itemVectors: Tensor;

  private constructor(model: OpenModel, itemVectors: Tensor, dim: number) {
    this.#model = model;
    this.#itemVectors = itemVectors;
    this.dim = dim;
  }

  /**
   * `itemVectors`: `[n, dim]`, wrapped once and never copied; the graph gathers from it.
   * Errors: `release_model_invalid`.
   */
  static async open(bytes: Uint8Array, file: string, itemVectors: Float32Array, dim: number): Promise<UserTower> {
    const events = [null, TOWER_EVENTS_MAX] as const;
    const model = await openModel(bytes, file, {
      inputs: [
        { name: 'item_vectors', type: 'float32', shape: [null, dim] },
        { name: 'rows', type: 'int32', shape: events },
        { name: 'event_types', type: 'int32', shape: events },
        { name: 'ages_s', type: 'float32', shape: events },
      ],
      outputs: [{ name: 'user_vectors', type: 'float32', shape: [null, dim] }],
    });
    return new UserTower(model, new Tensor('float32', itemVectors, [itemVectors.length / dim, dim]), dim);
  }

  /** User vectors `[profiles.length, dim]`, unit, owned by the caller. */
  run(profiles: readonly Profile[], nowS: ArrayLike<number>): Promise<Float32Array> {
    return this.runInput(towerInput(profiles, nowS));
  }

  /**
   * As `run`, from arrays already laid out. A vector must not depend on its batch-mates, so an empty profile is added at
   * the end, for two reasons: a single row takes another multiplication routine in ONNX Runtime, which rounds
   * differently; and element-wise functions compute the last few elements of a tensor (fewer than 16, when their number
   * is no multiple of the vector width) by another routine too. Those now belong to the profile that nobody reads.
   * Found by 1,000 random mixes on a trained release (packages/serving/test/batching/batch-invariance.test.ts).
   */
  async runInput(input: TowerInput): Promise<Float32Array> {
    if (input.count === 0) return new Float32Array(0);
    const padded = input.count + 1;
    const shape = [padded, TOWER_EVENTS_MAX];
    const { user_vectors: vectors } = await runModel(this.#model, {
      item_vectors: this.#itemVectors,
      rows: new Tensor('int32', widened(input.rows, padded), shape),
      event_types: new Tensor('int32', widened(input.eventTypes, padded), shape),
      ages_s: new Tensor('float32', widened(input.agesS, padded), shape),
    });
    return (vectors!.data as Float32Array).subarray(0, input.count * this.dim);
  }

  /** Frees the native session; the tower must not be used afterwards. */
  async close(): Promise<void> {
    await this.#model.session.release();
  }
}

function widened<T extends Int32Array | Float32Array>(values: T, count: number): T {
  const size = count * TOWER_EVENTS_MAX;
  if (values.length === size) return values;
  const wide = (values instanceof Int32Array ? new Int32Array(size) : new Float32Array(size)) as T;
  wide.set(values);
  return wide;
}
