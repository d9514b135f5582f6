import { normalDensity, normalTail, normalTailQuantile, normalTwoSided } from './distributions.ts';
import type { Effect, NotComputable } from './effect.ts';

/** Less than this is not spent at a later look: the truncated integration could not place it. */
const SPEND_MIN = 1e-15;
/** Beyond this many standard errors nothing is integrated: P = 1e-15. */
const EDGE = 8;
/** Nodes and weights of the 5-point Gauss-Legendre rule on [-1, 1]. */
const NODES = [-0.906179845938664, -0.5384693101056831, 0, 0.5384693101056831, 0.906179845938664];
const WEIGHTS = [
  0.23692688505618908, 0.47862867049936647, 0.5688888888888889, 0.47862867049936647, 0.23692688505618908,
];

/** Error that one side may have spent by an information fraction, of `half` in all. */
export type Spending = (fraction: number, half: number) => number;

const obrienFleming: Spending = (fraction, half) =>
  fraction >= 1 ? half : 2 * normalTail(normalTailQuantile(half / 2) / Math.sqrt(fraction));

/** Paths that have not crossed a bound: density of the score (Brownian motion at the information fraction). */
interface Density {
  readonly at: number;
  readonly score: Float64Array;
  /** Density times the integration weight of the node. */
  readonly mass: Float64Array;
}

/**
 * Two-sided bounds on z for looks at any information fractions, so that all looks together err in alpha of the
 * experiments. Spends almost nothing early: a promotion before the end needs a huge effect, and the last bound is
 * close to that of a single look.
 *
 * `fractions`: information so far / planned, rising, in (0, 1]; the looks need not be planned, but must not depend on the
 * effect seen. A last fraction below 1 leaves alpha unspent. Returns z per look (Infinity where almost nothing can be spent).
 * Throws RangeError on fractions out of order.
 *
 * `times`: by what alpha is spent, where that is not the information itself: rising shares of the plan, in (0, 1], such as of the planned users.
 * Then `fractions` say only how the looks hang together, so information may be on any scale (its last value may count as 1), and nobody has to
 * know beforehand how much a finished experiment has.
 *
 * Source: Lan & DeMets 1983: spent(t) = 2 (2 - 2 Φ(z_{alpha/4} / √t)), the sides alike; integration as Armitage,
 * McPherson & Rowe 1969; two scales, Lan & DeMets 1989, "Group sequential procedures: calendar versus information time". Another `spending` may be given (Kim & DeMets 1987: half * fraction²). Our deviation: composite Gauss-Legendre of panels as wide as the step's standard deviation, which
 * 200 daily looks need. O(looks * nodes²).
 */
export function lanDeMetsBounds(
  fractions: readonly number[],
  {
    alpha = 0.05,
    spending = obrienFleming,
    times = fractions,
  }: { alpha?: number; spending?: Spending; times?: readonly number[] } = {},
): number[] {
  refuseDisorder(fractions);
  refuseDisorder(times);
  if (times.length !== fractions.length) throw new RangeError(`${times.length} times of ${fractions.length} looks`);
  const bounds: number[] = [];
  let density: Density | null = null;
  let spent = 0;
  fractions.forEach((at, look) => {
    const total = spending(times[look]!, alpha / 2);
    const bound = boundFor(total - spent, at, density);
    bounds.push(bound);
    spent = total;
    const next = fractions[look + 1];
    if (next !== undefined) density = survivors(at, bound, density, Math.sqrt(next - at));
  });
  return bounds;
}

function refuseDisorder(fractions: readonly number[]): void {
  let before = 0;
  for (const at of fractions) {
    if (!(at > before && at <= 1)) throw new RangeError(`information fractions must rise within (0, 1]: ${at}`);
    before = at;
  }
}

/** z that surviving paths exceed, on one side, with probability `spend`. */
function boundFor(spend: number, at: number, before: Density | null): number {
  if (before === null) return normalTailQuantile(spend);
  if (spend < SPEND_MIN) return Infinity;
  let low = 0;
  let high = 40;
  for (let step = 0; step < 60 && high - low > 1e-11; step++) {
    const middle = (low + high) / 2;
    if (crossing(middle * Math.sqrt(at), at, before) > spend) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Probability that a surviving path lies above `score` at information fraction `at`. */
function crossing(score: number, at: number, before: Density): number {
  const deviation = Math.sqrt(at - before.at);
  let probability = 0;
  for (let i = 0; i < before.score.length; i++)
    probability += before.mass[i]! * normalTail((score - before.score[i]!) / deviation);
  return probability;
}

/** Density of the paths inside the bound, on panels as fine as the coming step needs. */
function survivors(at: number, bound: number, before: Density | null, nextDeviation: number, drift = 0): Density {
  const edge = Math.min(bound, EDGE) * Math.sqrt(at);
  const deviation = before === null ? Math.sqrt(at) : Math.sqrt(at - before.at);
  const panels = Math.ceil((2 * edge) / Math.min(nextDeviation, deviation));
  const score = new Float64Array(panels * NODES.length);
  const mass = new Float64Array(score.length);
  const halfPanel = edge / panels;
  for (let i = 0; i < score.length; i++) {
    const node = i % NODES.length;
    const x = -edge + halfPanel * (2 * Math.floor(i / NODES.length) + 1 + NODES[node]!);
    score[i] = x;
    mass[i] = WEIGHTS[node]! * halfPanel * densityAt(x - drift * (at - (before?.at ?? 0)), deviation, before);
  }
  return { at, score, mass };
}

function densityAt(x: number, deviation: number, before: Density | null): number {
  if (before === null) return normalDensity(x / deviation) / deviation;
  // Nodes rise: those beyond the edge of the kernel add nothing.
  const { score, mass } = before;
  let density = 0;
  for (let i = firstAtLeast(score, x - EDGE * deviation); i < score.length; i++) {
    const z = (x - score[i]!) / deviation;
    if (z < -EDGE) break;
    density += mass[i]! * normalDensity(z);
  }
  return density / deviation;
}

function firstAtLeast(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Chance that some look crosses its bound when z at the end would be `drift` on average. */
export function groupSequentialPower(fractions: readonly number[], drift: number, options: { alpha?: number } = {}) {
  const bounds = lanDeMetsBounds(fractions, options);
  let density: Density | null = null;
  fractions.forEach((at, look) => {
    const step = Math.abs((fractions[look + 1] ?? fractions[look - 1] ?? 0) - at);
    density = survivors(at, bounds[look]!, density, Math.sqrt(step), drift);
  });
  return 1 - (density as Density | null)!.mass.reduce((sum, mass) => sum + mass, 0);
}

/**
 * Factor by which the looks raise the users that a single look needs: 1.02 to 1.04 for a few. Multiply `requiredUsers` by it.
 * Source: Jennison & Turnbull 1999, section 2.3 and table 7.2.
 */
export function lookInflation(fractions: readonly number[], { alpha = 0.05, power = 0.8 } = {}): number {
  const single = normalTailQuantile(alpha / 2) + normalTailQuantile(1 - power);
  let low = single;
  let high = 2 * single;
  for (let step = 0; step < 30; step++) {
    const middle = (low + high) / 2;
    if (groupSequentialPower(fractions, middle, { alpha }) < power) low = middle;
    else high = middle;
  }
  return (high / single) ** 2;
}

export interface GroupSequentialLook {
  readonly status: 'ok';
  readonly z: number;
  /** Bound on |z| at this look. */
  readonly bound: number;
  readonly crossed: boolean;
  /** Repeated confidence interval: holds at all looks together, whether one stops or not. */
  readonly low: number;
  readonly high: number;
  /** Repeated p-value: the smallest alpha at which some look so far would have crossed its bound. */
  readonly pValue: number;
  /** p-value as if this were the only look: to be compared with `nominalAlpha`, and with nothing else. */
  readonly nominalPValue: number;
  readonly nominalAlpha: number;
}

/**
 * One look of a group-sequential test: `fractions` of all looks so far, this one last. `earlierZ`: the z of the earlier
 * looks, which the repeated p-value takes into account.
 *
 * Source: Jennison & Turnbull 1999, chapter 9 (repeated confidence intervals and p-values).
 */
export function groupSequentialLook(
  effect: Effect | NotComputable,
  {
    fractions,
    earlierZ = [],
    alpha = 0.05,
  }: { fractions: readonly number[]; earlierZ?: readonly number[]; alpha?: number },
): GroupSequentialLook | NotComputable {
  if (effect.status !== 'ok') return effect;
  if (earlierZ.length !== 0 && earlierZ.length !== fractions.length - 1)
    throw new RangeError(`${earlierZ.length} earlier looks of ${fractions.length}`);
  const z = effect.value / effect.standardError;
  const bound = lanDeMetsBounds(fractions, { alpha }).at(-1)!;
  return {
    status: 'ok',
    z,
    bound,
    crossed: Math.abs(z) >= bound,
    low: effect.value - bound * effect.standardError,
    high: effect.value + bound * effect.standardError,
    pValue: repeatedPValue(fractions, [...earlierZ, z]),
    nominalPValue: normalTwoSided(z),
    nominalAlpha: normalTwoSided(bound),
  };
}

/** Bisects alpha: bounds fall as alpha grows. `zs` may hold the last look only. */
function repeatedPValue(fractions: readonly number[], zs: readonly number[]): number {
  const first = fractions.length - zs.length;
  const crosses = (alpha: number): boolean => {
    const bounds = lanDeMetsBounds(fractions, { alpha });
    return zs.some((z, look) => Math.abs(z) >= bounds[first + look]!);
  };
  let low = -60;
  let high = Math.log(0.999);
  if (!crosses(Math.exp(high))) return 1;
  if (crosses(Math.exp(low))) return 0;
  for (let step = 0; step < 24; step++) {
    const middle = (low + high) / 2;
    if (crosses(Math.exp(middle))) high = middle;
    else low = middle;
  }
  return Math.exp(high);
}
