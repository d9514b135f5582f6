import { seededRandom } from '../../src/statistics/seeded-random.ts';

/** `[count, dim]` unit vectors around `clusters` centres: items of a shop are no uniform cloud. */
export function clusteredVectors(count: number, dim: number, clusters: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const centres = Float32Array.from({ length: clusters * dim }, normal);
  const vectors = new Float32Array(count * dim);
  for (let row = 0; row < count; row++) {
    const centre = Math.floor(random() * clusters) * dim;
    let squares = 0;
    for (let i = 0; i < dim; i++) {
      const value = centres[centre + i]! + 0.7 * normal();
      vectors[row * dim + i] = value;
      squares += value * value;
    }
    const scale = 1 / Math.sqrt(squares);
    for (let i = 0; i < dim; i++) vectors[row * dim + i]! *= scale;
  }
  return vectors;
}
