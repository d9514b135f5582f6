import { createHash } from 'node:crypto';
import type { Feature } from './feature.ts';
import { AFFINITY_FEATURES, OWN_FEATURES } from './history-features.ts';
import { ITEM_FEATURES } from './item-features.ts';
import { CONTEXT_FEATURES, USER_FEATURES } from './request-features.ts';
import { SOURCE_FEATURES } from './source-features.ts';
import { VECTOR_FEATURES } from './vector-features.ts';

/** Raise when a feature's meaning changes under the same name: a release made with another version is refused. */
const FEATURE_VERSION = 1;

/** Per request: user, then context. [Du] */
export const REQUEST_FEATURES = [...USER_FEATURES, ...CONTEXT_FEATURES] as const;
/** Per candidate. [Dc] */
export const CROSS_FEATURES = [...SOURCE_FEATURES, ...OWN_FEATURES, ...AFFINITY_FEATURES, ...VECTOR_FEATURES] as const;

/**
 * The one list of features, in the ranker's input order item | user and context | cross. Serving computes them per
 * request, training replays history through the same functions.
 */
export const FEATURES: readonly Feature[] = [...ITEM_FEATURES, ...REQUEST_FEATURES, ...CROSS_FEATURES];

/** Widths of the ranker's three inputs and their sum. */
export const FEATURE_WIDTHS = {
  item: ITEM_FEATURES.length,
  user: REQUEST_FEATURES.length,
  cross: CROSS_FEATURES.length,
  total: FEATURES.length,
} as const;

/** sha256 (hex) of what a trained ranker depends on: version, names, order and transforms. */
export const FEATURE_HASH = createHash('sha256')
  .update([FEATURE_VERSION, ...FEATURES.map(({ name, transform }) => `${name}:${transform}`)].join('\n'))
  .digest('hex');
