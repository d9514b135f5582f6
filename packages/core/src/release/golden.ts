import { ShortlistError } from '../contracts/errors.ts';
import type { Golden, PackedArray } from '../contracts/release-manifest.ts';
import { hasVnni } from './cpu.ts';
import { packArray, unpackFloats, unpackInts } from './packed-array.ts';
import { RANKER_HEADS, type Ranker, type RankerBatch } from './ranker.ts';
import { RELEASE_FILES } from './release-files.ts';
import { TOWER_EVENTS_MAX, type TowerInput, type UserTower } from './user-tower.ts';

/** float32 results on another CPU: other vector widths add in another order. Relative, absolute below 1. */
const FLOAT_TOLERANCE = 1e-5;
/**
 * int8 logits where builder and pod do not both have VNNI (cpu.ts): saturation may move them, and this is how far they
 * may move before the model counts as another one. Between CPUs with VNNI they must be equal to the last bit.
 */
const INT8_TOLERANCE_ACROSS_CPUS = 0.05;
const NEAREST = 10;

/** Rows of the index nearest to a vector, best first. */
export type NearestSearch = (vector: Float32Array, k: number) => ArrayLike<number>;

/** What of a release has golden outputs. */
export interface GoldenSubject {
  readonly userTower: UserTower | null;
  readonly nearest: NearestSearch | null;
  readonly itemVectors: Float32Array | null;
  readonly ranker: { readonly fp32: Ranker; readonly int8: Ranker } | null;
}

/** Runs the models on real inputs and packs inputs and outputs for the manifest. */
export async function makeGolden(
  subject: GoldenSubject,
  inputs: { readonly tower: TowerInput | null; readonly ranker: RankerBatch | null },
): Promise<Golden> {
  return {
    vnni: hasVnni(),
    userTower: await towerGolden(subject, inputs.tower),
    ranker: await rankerGolden(subject, inputs.ranker),
  };
}

async function towerGolden(subject: GoldenSubject, input: TowerInput | null): Promise<Golden['userTower']> {
  const { userTower, nearest } = subject;
  if (!userTower || !nearest || !input) return null;
  const vectors = await userTower.runInput(input);
  requireFinite(RELEASE_FILES.userTower.path, 'user vectors', vectors);
  const shape = [input.count, TOWER_EVENTS_MAX];
  const rows = nearestOfAll(nearest, vectors, userTower.dim, NEAREST);
  return {
    rows: packArray(input.rows, shape),
    eventTypes: packArray(input.eventTypes, shape),
    agesS: packArray(input.agesS, shape),
    userVectors: packArray(vectors, [input.count, userTower.dim]),
    nearest: { k: NEAREST, rows: packArray(rows, [input.count, rows.length / input.count]) },
  };
}

async function rankerGolden(subject: GoldenSubject, batch: RankerBatch | null): Promise<Golden['ranker']> {
  const { ranker } = subject;
  if (!ranker || !batch) return null;
  const [fp32, int8] = [await ranker.fp32.run(batch), await ranker.int8.run(batch)];
  requireFinite(RELEASE_FILES.rankerFp32.path, 'logits', fp32);
  requireFinite(RELEASE_FILES.rankerInt8.path, 'logits', int8);
  const { widths } = ranker.fp32;
  return {
    userFeatures: packArray(batch.userFeatures, [batch.requests, widths.user]),
    crossFeatures: packArray(batch.crossFeatures, [batch.count, widths.cross]),
    itemRows: packArray(batch.itemRows, [batch.count]),
    requestIndex: packArray(batch.requestIndex, [batch.count]),
    logitsFp32: packArray(fp32, [batch.count, RANKER_HEADS]),
    logitsInt8: packArray(int8, [batch.count, RANKER_HEADS]),
  };
}

/**
 * Runs the models of a loaded release on the golden inputs and compares. A damaged model often loads and gives finite
 * numbers (research/reliability.md: 92 of 100 scatter-corrupted files), so this is what catches it.
 * Errors: `release_golden_mismatch` naming file, output and both values.
 */
export async function checkGolden(
  golden: Golden,
  subject: GoldenSubject,
  options: { vnni: boolean } = { vnni: hasVnni() },
): Promise<void> {
  requireBoth(RELEASE_FILES.userTower.path, golden.userTower, subject.userTower);
  requireBoth(RELEASE_FILES.rankerFp32.path, golden.ranker, subject.ranker);
  if (golden.userTower && subject.userTower) await checkTower(golden.userTower, subject, subject.userTower);
  if (golden.ranker && subject.ranker) {
    const batch = batchOf(golden.ranker);
    const { fp32, int8 } = subject.ranker;
    const exact = golden.vnni && options.vnni;
    const int8Tolerance = exact ? 0 : INT8_TOLERANCE_ACROSS_CPUS;
    const { rankerFp32, rankerInt8 } = RELEASE_FILES;
    compare(rankerFp32.path, 'logits', unpackFloats(golden.ranker.logitsFp32), await fp32.run(batch), FLOAT_TOLERANCE);
    compare(rankerInt8.path, 'logits', unpackFloats(golden.ranker.logitsInt8), await int8.run(batch), int8Tolerance);
  }
}

async function checkTower(
  golden: NonNullable<Golden['userTower']>,
  subject: GoldenSubject,
  tower: UserTower,
): Promise<void> {
  const expected = unpackFloats(golden.userVectors);
  const found = await tower.runInput({
    count: firstDim(golden.rows),
    rows: unpackInts(golden.rows),
    eventTypes: unpackInts(golden.eventTypes),
    agesS: unpackFloats(golden.agesS),
  });
  compare(RELEASE_FILES.userTower.path, 'user vectors', expected, found, FLOAT_TOLERANCE);
  if (subject.nearest && subject.itemVectors) checkNearest(golden, subject.nearest, subject.itemVectors, tower.dim);
}

/** The index's rows are compared by their closeness: where two items are equally close, their order may differ. */
function checkNearest(
  golden: NonNullable<Golden['userTower']>,
  nearest: NearestSearch,
  itemVectors: Float32Array,
  dim: number,
): void {
  const users = unpackFloats(golden.userVectors);
  const expected = unpackInts(golden.nearest.rows);
  const found = nearestOfAll(nearest, users, dim, golden.nearest.k);
  const perUser = expected.length / (users.length / dim);
  const closeness = (rows: Int32Array) =>
    Float32Array.from(rows, (row, i) => {
      const user = Math.floor(i / perUser) * dim;
      let sum = 0;
      for (let d = 0; d < dim; d++) sum += users[user + d]! * itemVectors[row * dim + d]!;
      return sum;
    });
  compare('vector index', 'nearest rows', closeness(expected), closeness(found), FLOAT_TOLERANCE);
}

function nearestOfAll(nearest: NearestSearch, vectors: Float32Array, dim: number, k: number): Int32Array {
  const rows: number[] = [];
  for (let at = 0; at < vectors.length; at += dim) rows.push(...Array.from(nearest(vectors.subarray(at, at + dim), k)));
  return Int32Array.from(rows);
}

function batchOf(golden: NonNullable<Golden['ranker']>): RankerBatch {
  return {
    requests: firstDim(golden.userFeatures),
    count: firstDim(golden.itemRows),
    userFeatures: unpackFloats(golden.userFeatures),
    crossFeatures: unpackFloats(golden.crossFeatures),
    itemRows: unpackInts(golden.itemRows),
    requestIndex: unpackInts(golden.requestIndex),
  };
}

const firstDim = (packed: PackedArray): number => packed.shape[0]!;

/** Tolerance 0 means equal bits (but for the sign of zero). NaN never matches. */
function compare(file: string, field: string, expected: Float32Array, found: Float32Array, tolerance: number): void {
  if (expected.length !== found.length)
    throw mismatch(file, field, `${expected.length} values`, `${found.length} values`);
  for (let i = 0; i < expected.length; i++) {
    const allowed = tolerance * Math.max(1, Math.abs(expected[i]!));
    if (!(Math.abs(expected[i]! - found[i]!) <= allowed))
      throw mismatch(file, `${field}[${i}]`, String(expected[i]), String(found[i]));
  }
}

function requireFinite(file: string, field: string, values: Float32Array): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw mismatch(file, `${field}[${at}]`, 'a finite number', String(values[at]));
}

function requireBoth(file: string, golden: unknown, model: unknown): void {
  if ((golden === null) !== (model === null))
    throw mismatch(file, 'outputs', golden ? 'a model' : 'none', model ? 'a model without golden outputs' : 'no model');
}

function mismatch(file: string, field: string, expected: string, actual: string): ShortlistError {
  return new ShortlistError('release_golden_mismatch', { file, field, expected, actual });
}
