import type { AssignmentSnapshot, SnapshotExperiment, SnapshotLayer } from '../../src/contracts/assignment-snapshot.ts';
import { BUCKETS } from '../../src/contracts/assignment-snapshot.ts';
import { sealSnapshot, type SnapshotContent } from '../../src/assignment/seal-snapshot.ts';

export const NOW_S = 1_790_000_000;

/** Variants a, b, c, ... of these weights in buckets. */
export function variantsOf(weights: readonly number[]): SnapshotExperiment['variants'] {
  let end = 0;
  return weights.map((weight, v) => {
    const from = end;
    end += weight;
    return { name: 'abcdefghij'[v]!, buckets: { from, to: end }, release: null, parameters: {} };
  });
}

/** An experiment that everybody is in, half and half. */
export function experimentOf(name: string, changes: Partial<SnapshotExperiment> = {}): SnapshotExperiment {
  return {
    name,
    version: 1,
    type: 'ab',
    salt: name,
    allocation: [{ from: 0, to: BUCKETS }],
    targeting: [],
    startsAtS: NOW_S - 1000,
    endsAtS: null,
    ramp: [],
    variants: variantsOf([500_000, 500_000]),
    triggered: false,
    ...changes,
  };
}

export function layerOf(
  name: string,
  experiments: SnapshotExperiment[],
  changes: Partial<SnapshotLayer> = {},
): SnapshotLayer {
  return { name, unit: 'user', salt: name, holdout: 0, experiments, ...changes };
}

export function contentOf(layers: SnapshotLayer[], changes: Partial<SnapshotContent> = {}): SnapshotContent {
  return { version: 1, publishedAtS: NOW_S - 5, layers, promoted: [], ...changes };
}

export function snapshotOf(layers: SnapshotLayer[], changes: Partial<SnapshotContent> = {}): AssignmentSnapshot {
  return sealSnapshot(contentOf(layers, changes));
}
