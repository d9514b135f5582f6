import { seededRandom } from '../src/statistics/seeded-random.ts';

/** Genres that groups of items belong to. */
const GENRES = 60;
/** The larger a shop, the more groups it has, and the larger they are; a million items make some 3,000. */
const ROWS_PER_GROUP_ROOT = 0.33;

/**
 * How items lie. `easy`: groups that keep apart, in few directions mostly, as trained towers leave them. `hard`: more and
 * looser groups in all directions, so that neighbours of a user are in many of them.
 */
const KINDS = {
  easy: { groups: 1, noise: 0.55, decay: 12 },
  hard: { groups: 1.7, noise: 1.3, decay: 40 },
} as const;
export type ShopKind = keyof typeof KINDS;

/** Items of a shop in groups, of sizes by Zipf. */
export interface ShopGroups {
  /** Group of each row. */
  readonly groupOf: Int32Array;
  /** Rows of each group. */
  readonly rowsOf: readonly Int32Array[];
}

/** The same for the same number of items and kind. */
export function shopGroups(count: number, kind: ShopKind = 'easy'): ShopGroups {
  const groups = Math.max(1, Math.round(KINDS[kind].groups * 3 * (count / 1e6) ** ROWS_PER_GROUP_ROOT * 1000));
  const random = seededRandom(5);
  const shares = Float64Array.from({ length: groups }, (_, group) => 1 / (group + 10) ** 0.9);
  for (let i = groups - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    [shares[i], shares[other]] = [shares[other]!, shares[i]!];
  }
  const ends = new Float64Array(groups);
  let sum = 0;
  for (let group = 0; group < groups; group++) ends[group] = sum += shares[group]!;
  const groupOf = Int32Array.from({ length: count }, () => firstAbove(ends, random() * sum));
  const sizes = new Int32Array(groups);
  for (const group of groupOf) sizes[group]! += 1;
  const rowsOf = Array.from(sizes, (size) => new Int32Array(size));
  sizes.fill(0);
  groupOf.forEach((group, row) => (rowsOf[group]![sizes[group]!++] = row));
  return { groupOf, rowsOf };
}

/** `[count, dim]` unit vectors around the centres of the groups, which lie around those of genres. */
export function shopVectors({ groupOf, rowsOf }: ShopGroups, dim: number, kind: ShopKind = 'easy'): Float32Array {
  const normal = normals(11);
  const { noise, decay } = KINDS[kind];
  const spread = Float64Array.from({ length: dim }, (_, d) => 1 / Math.sqrt(1 + d / decay));
  const genres = Float64Array.from({ length: GENRES * dim }, (_, i) => normal() * spread[i % dim]!);
  const centres = new Float64Array(rowsOf.length * dim);
  const noises = new Float64Array(rowsOf.length);
  const random = seededRandom(12);
  const unit = Math.sqrt(1 / spread.reduce((sum, value) => sum + value * value, 0));
  for (let group = 0; group < rowsOf.length; group++) {
    const genre = Math.floor(random() * GENRES) * dim;
    noises[group] = noise * (0.6 + 0.8 * random()) * unit;
    for (let d = 0; d < dim; d++) centres[group * dim + d] = genres[genre + d]! * 0.8 + normal() * spread[d]! * 0.7;
    normalise(centres, group * dim, dim);
  }
  const vectors = new Float32Array(groupOf.length * dim);
  groupOf.forEach((group, row) => {
    for (let d = 0; d < dim; d++)
      vectors[row * dim + d] = centres[group * dim + d]! + normal() * spread[d]! * noises[group]!;
    normalise(vectors, row * dim, dim);
  });
  return vectors;
}

/** `count` unit vectors of users: between some items of up to three groups, with a bit of noise. */
export function shopUsers(
  { rowsOf, groupOf }: ShopGroups,
  vectors: Float32Array,
  dim: number,
  count: number,
): Float32Array {
  const random = seededRandom(17);
  const normal = normals(18);
  const users = new Float32Array(count * dim);
  for (let user = 0; user < count; user++) {
    const groups = Array.from(
      { length: 1 + Math.floor(random() * 3) },
      () => groupOf[Math.floor(random() * groupOf.length)]!,
    );
    const items = 5 + Math.floor(random() * 15);
    for (let i = 0; i < items; i++) {
      const rows = rowsOf[groups[Math.floor(random() * groups.length)]!]!;
      const row = rows[Math.floor(random() * rows.length)]!;
      for (let d = 0; d < dim; d++) users[user * dim + d]! += vectors[row * dim + d]!;
    }
    normalise(users, user * dim, dim);
    for (let d = 0; d < dim; d++) users[user * dim + d]! += (normal() * 0.2) / Math.sqrt(dim);
    normalise(users, user * dim, dim);
  }
  return users;
}

function firstAbove(ends: Float64Array, value: number): number {
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

function normals(seed: number): () => number {
  const random = seededRandom(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function normalise(values: Float32Array | Float64Array, start: number, dim: number): void {
  let squares = 0;
  for (let i = start; i < start + dim; i++) squares += values[i]! * values[i]!;
  const scale = 1 / Math.sqrt(squares);
  for (let i = start; i < start + dim; i++) values[i]! *= scale;
}
