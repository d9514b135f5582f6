import { createHash } from 'node:crypto';
import type { CrossBlock, Feature } from './feature.ts';
import { AFFINITY_BLOCK, OWN_BLOCK } from './history-features.ts';
import { ITEM_FEATURES } from './item-features.ts';
import { CONTEXT_FEATURES, USER_FEATURES } from './request-features.ts';
import { SOURCE_BLOCK } from './source-features.ts';
import { VECTOR_BLOCK } from './vector-features.ts';

/** Raise when a feature's meaning changes under the same name: a release made with another version is refused. */
const FEATURE_VERSION = 1;

/** Per request: user, then context. [Du] */
export const REQUEST_FEATURES = [...USER_FEATURES, ...CONTEXT_FEATURES] as const;
/** What is computed per candidate, in the order of the columns. */
export const CROSS_BLOCKS: readonly CrossBlock[] = [SOURCE_BLOCK, OWN_BLOCK, AFFINITY_BLOCK, VECTOR_BLOCK];
/** Per candidate. [Dc] */
export const CROSS_FEATURES = CROSS_BLOCKS.flatMap(({ features }) => features);

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
