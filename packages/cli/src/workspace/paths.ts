import { join } from 'node:path';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';

/** A dataset names a folder, a database and, later, metric labels: short, lower case, no separators of any of them. */
const DATASET_NAME = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;

export interface DatasetPaths {
  readonly folder: string;
  /** Files that `generate` wrote and `import` reads. */
  readonly source: string;
  readonly releases: string;
  /** `{release}` that serves. */
  readonly active: string;
  readonly training: string;
  /** Lines that an import could not use. */
  readonly rejects: string;
}

/** Throws `field_invalid` unless `dataset` can name a folder and a database. */
export function checkDatasetName(dataset: string): void {
  if (!DATASET_NAME.test(dataset)) {
    const reason = 'use 1 to 40 lower-case letters, digits and inner hyphens';
    throw new ShortlistError('field_invalid', { field: 'dataset', reason });
  }
}

/** Where everything of one dataset lies in the workspace `home`. Throws `field_invalid` for an unusable name. */
export function datasetPaths(home: string, dataset: string): DatasetPaths {
  checkDatasetName(dataset);
  const folder = join(home, 'datasets', dataset);
  return {
    folder,
    source: join(folder, 'source'),
    releases: join(folder, 'releases'),
    active: join(folder, 'active.json'),
    training: join(folder, 'training'),
    rejects: join(folder, 'rejects'),
  };
}
