import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { realProfiles } from '../src/release/build-inputs.ts';
import { UserTower } from '../src/release/user-tower.ts';
import { seededRandom } from '../src/statistics/seeded-random.ts';
import { clusteredVectors } from '../test/retrieval/clustered-vectors.ts';

const SYNTHETIC_DIM = 64;

/** Item vectors and the user vectors that are searched for. */
export interface BenchVectors {
  readonly name: string;
  readonly dim: number;
  /** [n, dim] unit. */
  readonly vectors: Float32Array;
  readonly queries: readonly Float32Array[];
}

/** Vectors clustered at random; users are near items: an item's vector with noise. */
export function syntheticVectors(itemCount: number, queryCount: number): BenchVectors {
  const dim = SYNTHETIC_DIM;
  const vectors = clusteredVectors(itemCount, dim, Math.ceil(itemCount / 100), 5);
  const random = seededRandom(17);
  const queries = Array.from({ length: queryCount }, () => {
    const row = Math.floor(random() * itemCount);
    const query = vectors.slice(row * dim, (row + 1) * dim).map((value) => value + 0.06 * (random() - 0.5));
    const length = Math.hypot(...query);
    return query.map((value) => value / length);
  });
  return { name: `${itemCount}`, dim, vectors, queries };
}

/** What `fit-sources` learned in a training fold, searched for by the user tower over real histories. */
export async function trainedVectors(foldDir: string, queryCount: number): Promise<BenchVectors> {
  const read = (file: string) => readFile(join(foldDir, file));
  if (!existsSync(join(foldDir, 'sources/user-tower.onnx'))) throw new Error(`${foldDir} is no fold with towers`);
  const { items, until_s: untilS } = JSON.parse((await read('fold.json')).toString()) as {
    items: number;
    until_s: number;
  };
  const vectors = new Float32Array(new Uint8Array(await read('sources/item-vectors.f32')).buffer);
  const dim = vectors.length / items;
  const tower = await UserTower.open(await read('sources/user-tower.onnx'), 'user-tower.onnx', vectors, dim);
  const profiles = await realProfiles(foldDir, queryCount);
  const users = await tower.run(profiles, new Float64Array(profiles.length).fill(untilS));
  await tower.close();
  const queries = profiles.map((_, q) => users.slice(q * dim, (q + 1) * dim));
  return { name: `trained.${items}`, dim, vectors, queries };
}
