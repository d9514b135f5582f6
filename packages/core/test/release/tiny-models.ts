import { readFileSync } from 'node:fs';
import type { Profile } from '../../src/contracts/profile.ts';
import { Ranker, type RankerBatch } from '../../src/release/ranker.ts';

const folder = new URL('../vectors/tiny-models/', import.meta.url);

/** Widths of the committed models (test/vectors/make_tiny_models.py). */
export const TINY = { item: 4, user: 3, cross: 5, dim: 8, metadata: 96 } as const;

export function tinyModel(name: string): Uint8Array {
  return readFileSync(new URL(name, folder));
}

export function randomFloats(size: number, random: () => number): Float32Array {
  return Float32Array.from({ length: size }, () => random() * 4 - 2);
}

/** Rows of length `dim`, each of norm 1. */
export function randomUnitVectors(count: number, dim: number, random: () => number): Float32Array {
  const vectors = randomFloats(count * dim, random);
  for (let row = 0; row < count; row++) {
    const vector = vectors.subarray(row * dim, (row + 1) * dim);
    const norm = Math.hypot(...vector);
    for (let i = 0; i < dim; i++) vector[i] = vector[i]! / norm;
  }
  return vectors;
}

export function openTinyRanker(name: string, itemFeatures: Float32Array): Promise<Ranker> {
  return Ranker.open(tinyModel(name), name, itemFeatures, TINY);
}

/** What one request sends to the ranker. */
export interface TinyRequest {
  readonly user: Float32Array;
  readonly cross: Float32Array;
  readonly rows: Int32Array;
}

export function randomRequest(itemCount: number, candidates: number, random: () => number): TinyRequest {
  return {
    user: randomFloats(TINY.user, random),
    cross: randomFloats(candidates * TINY.cross, random),
    rows: Int32Array.from({ length: candidates }, () => Math.floor(random() * itemCount)),
  };
}

/** Requests after one another in one batch. */
export function batchOf(requests: readonly TinyRequest[]): RankerBatch {
  const joined = <T extends Float32Array | Int32Array>(parts: readonly T[]) => parts.flatMap((part) => [...part]);
  return {
    requests: requests.length,
    count: requests.reduce((sum, request) => sum + request.rows.length, 0),
    userFeatures: Float32Array.from(joined(requests.map((request) => request.user))),
    crossFeatures: Float32Array.from(joined(requests.map((request) => request.cross))),
    itemRows: Int32Array.from(joined(requests.map((request) => request.rows))),
    requestIndex: Int32Array.from(requests.flatMap((request, b) => new Array<number>(request.rows.length).fill(b))),
  };
}

export function randomProfile(itemCount: number, events: number, random: () => number): Profile {
  return {
    length: events,
    rows: Int32Array.from({ length: events }, () => Math.floor(random() * itemCount)),
    types: Uint8Array.from({ length: events }, () => [1, 2, 4, 7][Math.floor(random() * 4)]!),
    timesS: Float64Array.from({ length: events }, (_, i) => 1_700_000_000 + i * 60),
  };
}
