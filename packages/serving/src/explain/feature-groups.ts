import { CROSS_FEATURES } from '@shortlist/core/features/definitions.ts';
import { AFFINITY_BLOCK, OWN_BLOCK } from '@shortlist/core/features/history-features.ts';
import { ITEM_FEATURES } from '@shortlist/core/features/item-features.ts';
import { SOURCE_BLOCK } from '@shortlist/core/features/source-features.ts';
import { VECTOR_BLOCK } from '@shortlist/core/features/vector-features.ts';

/** Features that are explained together, because one of them alone says little (a count at four half-lives). */
export interface FeatureGroup {
  readonly name: string;
  /** Columns of the item table and of the cross features. */
  readonly item: readonly number[];
  readonly cross: readonly number[];
}

const FRESHNESS = new Set(['item_age', 'item_first_sold', 'item_last_sold']);
const PRICE = new Set(['item_price', 'item_price_percentile']);

const itemColumns = (wanted: (name: string) => boolean): number[] =>
  ITEM_FEATURES.flatMap(({ name }, column) => (wanted(name) ? [column] : []));
const crossColumns = (features: readonly { readonly name: string }[]): number[] =>
  features.map(({ name }) => CROSS_FEATURES.findIndex((one) => one.name === name));

/**
 * Every feature that differs between the candidates of a request, in one group each. What says something of the user
 * alone is the same for all of them, so it cannot be why one stands above another.
 */
export const FEATURE_GROUPS: readonly FeatureGroup[] = [
  { name: 'popularity', item: itemColumns((name) => !FRESHNESS.has(name) && !PRICE.has(name)), cross: [] },
  { name: 'freshness', item: itemColumns((name) => FRESHNESS.has(name)), cross: [] },
  { name: 'price', item: itemColumns((name) => PRICE.has(name)), cross: [] },
  { name: 'sources', item: [], cross: crossColumns(SOURCE_BLOCK.features) },
  { name: 'own_history', item: [], cross: crossColumns(OWN_BLOCK.features) },
  { name: 'affinity', item: [], cross: crossColumns(AFFINITY_BLOCK.features) },
  { name: 'similarity', item: [], cross: crossColumns(VECTOR_BLOCK.features) },
];
