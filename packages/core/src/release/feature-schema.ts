import { ShortlistError } from '../contracts/errors.ts';
import type { ReleaseManifest } from '../contracts/release-manifest.ts';
import { CROSS_FEATURES, FEATURE_HASH, REQUEST_FEATURES } from '../features/definitions.ts';
import { ITEM_FEATURES } from '../features/item-features.ts';
import { MANIFEST_FILE } from './release-files.ts';

/** The feature list that a ranker was trained on, as the manifest states it. */
export type FeatureSchema = ReleaseManifest['features'];

const names = (features: readonly { readonly name: string }[]) => features.map((feature) => feature.name);

/** The feature list of this build. */
export const BUILD_FEATURES: FeatureSchema = {
  hash: FEATURE_HASH,
  item: names(ITEM_FEATURES),
  user: names(REQUEST_FEATURES),
  cross: names(CROSS_FEATURES),
};

/**
 * A ranker reads features by position: another list would be read without an error and rank nonsense.
 * Errors: `release_feature_mismatch`.
 */
export function requireSameFeatures(found: FeatureSchema, expected: FeatureSchema): void {
  if (found.hash === expected.hash) return;
  throw new ShortlistError('release_feature_mismatch', {
    file: MANIFEST_FILE,
    expected: summary(expected),
    actual: summary(found),
  });
}

function summary({ hash, item, user, cross }: FeatureSchema): string {
  return `${hash.slice(0, 12)} (${item.length} item, ${user.length} user, ${cross.length} cross)`;
}
