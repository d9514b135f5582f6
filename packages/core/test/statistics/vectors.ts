import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { armOf, meanEstimate, type ArmEstimate } from '../../src/statistics/arm-estimate.ts';

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8')) as unknown;

export type PublishedArm = [users: number, sum: number, sumSquares: number];

/** Results that others published, to the digits given. */
export const PUBLISHED = read('statistics-published.json') as {
  relativeLift: {
    cases: { control: PublishedArm; treatment: PublishedArm; relative: Interval; absolute: Interval }[];
    proportions: { control: [number, number]; treatment: [number, number]; relative: Interval }[];
    impossible: { control: PublishedArm; treatment: PublishedArm };
  };
  confidenceSequence: {
    control: PublishedArm;
    treatment: PublishedArm;
    cases: { tunedForUsers: number; low: number; high: number; pValue: number }[];
    proportions: {
      control: [number, number];
      treatment: [number, number];
      tunedForUsers: number;
      low: number;
      high: number;
      pValue: number;
    };
  };
  lanDeMets: { cases: { fractions: number[]; alpha: number; bounds: number[] }[] };
  kimDeMets: { fractions: number[]; alpha: number; bounds: number[]; secondByQuadrature: number };
  sampleRatio: {
    cases: { counts: number[]; weights: number[]; pValue: number }[];
    sequential: { counts: number[]; weights: number[]; concentration: number; pValue: number }[];
  };
  corrections: { pValues: number[]; rejected: Record<'benjaminiHochberg' | 'bonferroni' | 'holm', number> };
  requiredUsers: {
    proportions: [baseline: number, users: number][];
    coefficientsOfVariation: [cv: number, users: number][];
    minimumDetectableAt10000: [baseline: number, effect: number][];
  };
  teamDraft: {
    lists: { rankings: [number[], number[]]; length: number; possible: number[][] }[];
    credit: {
      items: number[];
      teams: number[];
      clicks: { positions: number[]; winner: 'a' | 'b' | 'tie' }[];
    };
  };
};

interface Interval {
  value: number;
  low: number;
  high: number;
  pValue: number;
}

/** What scipy and statsmodels answer (vectors/make_statistics.py). */
export const GENERATED = read('statistics.json') as {
  distributions: Record<
    'normalTail' | 'normalTailQuantile' | 'tTwoSided' | 'tQuantile' | 'chiSquaredTail' | 'binomialCdf',
    number[][]
  >;
  welch: {
    control: number[];
    treatment: number[];
    expected: { pValue: number; freedom: number; low: number; high: number };
  }[];
  ratio: { numerator: number[]; denominator: number[]; expected: { value: number; squaredError: number } }[];
  cuped: { arms: { before: number[]; after: number[] }[]; expected: { theta: number; effects: number[] } }[];
  corrections: { pValues: number[]; expected: Record<'benjaminiHochberg' | 'bonferroni' | 'holm', number[]> }[];
  sampleRatio: { counts: number[]; weights: number[]; expected: [chiSquared: number, pValue: number] }[];
  power: {
    deviation: number;
    difference: number;
    alpha: number;
    power: number;
    ratio: number;
    control: number;
  }[];
  signTest: [k: number, n: number, pValue: number][];
  lanDeMets: { fractions: number[]; times: number[]; alpha: number; bounds: number[] }[];
  offPolicy: {
    propensity: number[];
    target: number[];
    reward: number[];
    predicted: number[];
    expectedUnderTarget: number[];
    expected: Record<'ips' | 'snips' | 'dr', [value: number, standardError: number]> & { effectiveSampleSize: number };
  }[];
};

/** Slates of the Open Bandit Pipeline and its estimates (vectors/make_slate_policies.py). */
export const SLATES = read('slate-policies.json') as {
  positions: number;
  reward: number[];
  propensity: Record<'standard' | 'independent' | 'cascade', number[]>;
  expected: Record<'truth' | 'threeSigma' | 'standard' | 'independent' | 'cascade', number>;
};

export const publishedMean = ([count, sum, sumSquares]: PublishedArm): ArmEstimate =>
  meanEstimate(armOf({ count, sums: [sum], products: [sumSquares] }));

/** Agrees to a relative error, so that tails of 1e-200 are compared, too. */
export function expectClose(actual: number, expected: number, relative: number): void {
  expect(Math.abs(actual - expected), `${actual} is not ${expected}`).toBeLessThanOrEqual(
    relative * Math.max(Math.abs(expected), Number.MIN_VALUE),
  );
}

/** A computed result; fails the test when it could not be computed. */
export function computed<T extends { status: string }>(result: T): Extract<T, { status: 'ok' }> {
  expect(result).toMatchObject({ status: 'ok' });
  return result as Extract<T, { status: 'ok' }>;
}
