/**
 * Seeded randomness in named streams: the draws of item 7 depend on (seed, 'item', 7) and on nothing else, so any item,
 * shopper or visit can be computed alone and a larger shop begins with the same items as a smaller one.
 *
 * Source: sfc32 (C. Doty-Humphrey, PractRand); the state is filled through MurmurHash3's finaliser.
 */
const STREAMS = {
  item: 0x1f0a,
  word: 0x2e1b,
  brand: 0x3d2c,
  shopper: 0x4c3d,
  visit: 0x5b4e,
  arrival: 0x6a5f,
  shelf: 0x7960,
  pilot: 0x8871,
  reaction: 0x9782,
} as const;

export type Stream = keyof typeof STREAMS;

/** 12 rounds mix sfc32's state fully (PractRand's own recommendation). */
const WARM_UP_ROUNDS = 12;

export class Random {
  private a = 0;
  private b = 0;
  private c = 0;
  private counter = 1;

  constructor(seed: number, stream: Stream, index = 0) {
    this.reseed(seed, stream, index);
  }

  /** Moves to another stream in place; the visits of a large shop share one object. */
  reseed(seed: number, stream: Stream, index = 0): this {
    this.a = mix(seed ^ 0x9e3779b9);
    this.b = mix(this.a ^ STREAMS[stream]);
    this.c = mix(this.b ^ index);
    this.counter = 1;
    for (let round = 0; round < WARM_UP_ROUNDS; round++) this.bits();
    return this;
  }

  /** 32 random bits. */
  bits(): number {
    const sum = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return this.bits() / 4294967296;
  }

  /** Uniform integer in [0, count). */
  below(count: number): number {
    return Math.floor(this.uniform() * count);
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** Standard normal (Box-Muller; one value per two draws, so that the number of draws never varies). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Exponential with the given mean. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.uniform());
  }

  /** Index drawn in proportion to `weights[0..count)`, whose sum is `total`. O(count). */
  weighted(weights: ArrayLike<number>, total: number, count = weights.length): number {
    let rest = this.uniform() * total;
    for (let index = 0; index < count - 1; index++) {
      rest -= weights[index]!;
      if (rest < 0) return index;
    }
    return count - 1;
  }
}

function mix(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
