import { ReleaseRegistry } from '@shortlist/core/release/registry.ts';
import { datasetPaths } from './paths.ts';

/** The releases of a dataset in the workspace `home`. Errors: `field_invalid` for an unusable name. */
export function openRegistry(home: string, dataset: string): ReleaseRegistry {
  const { releases, active } = datasetPaths(home, dataset);
  return new ReleaseRegistry({ dataset, releasesDir: releases, activePath: active });
}
