import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { realProfiles } from '../src/release/build-inputs.ts';
import { UserTower } from '../src/release/user-tower.ts';
import { shopGroups, shopUsers, shopVectors, type ShopKind } from './shop-vectors.ts';

const SYNTHETIC_DIM = 64;

/** Item vectors and the user vectors that are searched for. */
export interface BenchVectors {
  readonly name: string;
  readonly dim: number;
  /** [n, dim] unit. */
  readonly vectors: Float32Array;
  /** [q, dim] unit. */
  readonly queries: Float32Array;
}

/** Items in groups, users between some of them (shop-vectors.ts). */
export function syntheticVectors(itemCount: number, queryCount: number, kind: ShopKind): BenchVectors {
  const dim = SYNTHETIC_DIM;
  const groups = shopGroups(itemCount, kind);
  const vectors = shopVectors(groups, dim, kind);
  return { name: `${kind}.${itemCount}`, dim, vectors, queries: shopUsers(groups, vectors, dim, queryCount) };
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
  const queries = await tower.run(profiles, new Float64Array(profiles.length).fill(untilS));
  await tower.close();
  return { name: `trained.${items}`, dim, vectors, queries };
}
