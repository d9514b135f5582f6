import { describe, expect, it } from 'vitest';
import {
  CROSS_FEATURES,
  FEATURE_HASH,
  FEATURE_WIDTHS,
  FEATURES,
  REQUEST_FEATURES,
} from '../../src/features/definitions.ts';
import { FeatureContext, type FeatureRequest } from '../../src/features/feature-context.ts';
import { transformed } from '../../src/features/feature.ts';
import { fillCrossFeatures, fillUserFeatures } from '../../src/features/fill.ts';
import { ITEM_FEATURES } from '../../src/features/item-features.ts';
import { CandidateSet } from '../../src/retrieval/candidate-set.ts';
import { SOURCE_INDEX } from '../../src/retrieval/source.ts';
import { DAY_S, NOW_S, profileOf, tinyCatalog } from './shop.ts';

const HISTORY = profileOf([
  ['purchase', 0, 40 * DAY_S],
  ['purchase', 2, 40 * DAY_S],
  ['purchase', 0, 20 * DAY_S],
  ['purchase', 0, 20 * DAY_S],
  ['view', 1, 600],
  ['add_to_cart', 1, 300],
]);
const EMPTY = profileOf([]);

function contextOf(): FeatureContext {
  const itemFeatures = new Float32Array(4 * ITEM_FEATURES.length);
  const itemVectors = Float32Array.from([1, 0, 0.6, 0.8, 0, 1, -1, 0]);
  return new FeatureContext({ catalog: tinyCatalog(), itemFeatures, itemVectors, vectorDim: 2 }, 100);
}

function ask(changes: Partial<FeatureRequest> = {}): FeatureRequest {
  const plain = { nowS: NOW_S, category: -1, device: 'mobile', surface: 'home', userVector: null };
  return { profile: HISTORY, ...plain, ...changes };
}

function candidatesOf(rows: readonly number[]): CandidateSet {
  const set = new CandidateSet(8);
  set.reset();
  rows.forEach((row, i) => set.add(row, SOURCE_INDEX.item_item, 2 / (i + 1), i + 1));
  return set;
}

function crossOf(context: FeatureContext, set: CandidateSet): (c: number, name: string) => number {
  const out = new Float32Array(set.count * FEATURE_WIDTHS.cross);
  fillCrossFeatures(context, set, out, 0);
  return (c, name) => out[c * FEATURE_WIDTHS.cross + CROSS_FEATURES.findIndex((feature) => feature.name === name)]!;
}

function userOf(context: FeatureContext): (name: string) => number {
  const out = new Float32Array(FEATURE_WIDTHS.user);
  fillUserFeatures(context, out, 0);
  return (name) => out[REQUEST_FEATURES.findIndex((feature) => feature.name === name)]!;
}

describe('the list of features', () => {
  it('has unique names, a line of documentation each, and fits the ranker', () => {
    expect(new Set(FEATURES.map(({ name }) => name)).size).toBe(FEATURES.length);
    expect(FEATURES.every(({ doc }) => doc.length > 5)).toBe(true);
    expect(FEATURE_WIDTHS.total).toBeLessThanOrEqual(128);
    expect(FEATURE_HASH).toMatch(/^[0-9a-f]{64}$/);
  });

  it('maps zero to zero in every transform, so that absence costs no logarithm', () => {
    for (const transform of ['identity', 'log1p', 'signed_log1p'] as const) expect(transformed(0, transform)).toBe(0);
    expect(transformed(-3, 'signed_log1p')).toBe(-Math.log1p(3));
  });
});

describe('user features', () => {
  it('count events, baskets and the running session', () => {
    const context = contextOf();
    context.begin(ask());
    const user = userOf(context);
    expect(user('user_events')).toBeCloseTo(Math.log1p(6), 6);
    expect(user('user_baskets')).toBeCloseTo(Math.log1p(2), 6);
    // Three lines: the item that stands twice in one basket is one, and once a repeat.
    expect(user('user_basket_lines')).toBeCloseTo(Math.log1p(1.5), 6);
    expect(user('user_repeat_share')).toBeCloseTo(1 / 3, 6);
    expect(user('user_basket_gap')).toBeCloseTo(Math.log1p(20), 6);
    expect(user('user_basket_due')).toBeCloseTo(Math.log1p(1), 6);
    expect(user('user_session_events')).toBeCloseTo(Math.log1p(2), 6);
    expect(user('user_session_length')).toBeCloseTo(Math.log1p(10), 6);
  });

  it('say where and when: Saturday noon, mobile, home', () => {
    const context = contextOf();
    context.begin(ask());
    const user = userOf(context);
    expect(user('context_hour_cos')).toBeCloseTo(-1, 6);
    expect(user('context_weekday_sin')).toBeCloseTo(Math.sin((2 * Math.PI * 5) / 7), 6);
    expect([user('context_device_mobile'), user('context_device_desktop'), user('context_surface_home')]).toEqual([
      1, 0, 1,
    ]);
  });

  it('forget the request before', () => {
    const reused = contextOf();
    reused.begin(ask());
    reused.begin(ask({ profile: EMPTY }));
    const fresh = contextOf();
    fresh.begin(ask({ profile: EMPTY }));
    const [a, b] = [new Float32Array(FEATURE_WIDTHS.user), new Float32Array(FEATURE_WIDTHS.user)];
    fillUserFeatures(reused, a, 0);
    fillUserFeatures(fresh, b, 0);
    expect(a).toEqual(b);
    expect(a.every(Number.isFinite)).toBe(true);
  });
});

describe('cross features', () => {
  it('know what the user did with each item', () => {
    const context = contextOf();
    context.begin(ask());
    const cross = crossOf(context, candidatesOf([0, 1, 3]));
    expect(cross(0, 'own_baskets')).toBeCloseTo(Math.log1p(2), 6);
    expect(cross(0, 'own_baskets_30d')).toBeCloseTo(Math.log1p(2 ** (-40 / 30) + 2 ** (-20 / 30)), 5);
    expect(cross(0, 'own_gap')).toBeCloseTo(Math.log1p(20), 6);
    expect(cross(0, 'own_due')).toBeCloseTo(Math.log1p(1), 6);
    expect(cross(0, 'own_last_basket')).toBeCloseTo(Math.log1p(100 / 21), 6);
    expect(cross(1, 'own_carts')).toBeCloseTo(Math.log1p(1), 6);
    expect(cross(1, 'own_in_session')).toBeCloseTo(Math.log1p(1), 6);
    for (const { name } of CROSS_FEATURES.filter(({ name }) => name.startsWith('own_'))) expect(cross(2, name)).toBe(0);
  });

  it('scale source scores by the highest of the request and ranks by their logarithm', () => {
    const context = contextOf();
    context.begin(ask());
    const cross = crossOf(context, candidatesOf([3, 2]));
    expect(cross(0, 'item_item_relative')).toBe(1);
    expect(cross(1, 'item_item_relative')).toBe(0.5);
    expect(cross(0, 'item_item_rank')).toBe(1);
    expect(cross(1, 'item_item_rank')).toBeCloseTo(0.9, 6);
    expect(cross(1, 'trending_rank')).toBe(0);
    expect(cross(0, 'sources')).toBe(1);
  });

  it('measure closeness in categories, prices and vectors', () => {
    const context = contextOf();
    context.begin(ask({ userVector: Float32Array.from([1, 0]), category: 1 }));
    const cross = crossOf(context, candidatesOf([1, 2]));
    expect(cross(0, 'category_share')).toBeCloseTo(5 / 6, 6);
    expect([cross(0, 'category_match'), cross(1, 'category_match')]).toEqual([0, 1]);
    expect(cross(1, 'brand_share')).toBeCloseTo(4 / 6, 6);
    expect(cross(1, 'price_ratio')).toBeGreaterThan(cross(0, 'price_ratio'));
    expect(cross(0, 'tower_cosine')).toBeCloseTo(0.6, 6);
    // Not to itself: its nearest recent neighbour is item 2 (0, 1).
    expect(cross(0, 'recent_cosine_max')).toBeCloseTo(0.8, 6);
  });

  it('are finite for a stranger, and do not depend on what was computed before', () => {
    const context = contextOf();
    context.begin(ask());
    crossOf(context, candidatesOf([0, 1, 2, 3]));
    context.begin(ask({ profile: EMPTY }));
    const set = candidatesOf([3, 0]);
    const again = new Float32Array(2 * FEATURE_WIDTHS.cross);
    fillCrossFeatures(context, set, again, 0);
    const fresh = contextOf();
    fresh.begin(ask({ profile: EMPTY }));
    const first = new Float32Array(2 * FEATURE_WIDTHS.cross);
    fillCrossFeatures(fresh, set, first, 0);
    expect(again).toEqual(first);
    expect(first.every(Number.isFinite)).toBe(true);
  });
});
