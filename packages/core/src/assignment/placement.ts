import { LRUCache } from 'lru-cache';
import type { UnitKind } from '../contracts/experiment.ts';
import type { Assignment } from './assign.ts';
import { bucketOf } from './bucket.ts';
import type { CompiledExperiment, CompiledLayer, CompiledSnapshot } from './compiled-snapshot.ts';

/** What hashing alone says of a unit in a layer: which experiment may have it, and its buckets there. */
export interface Placement {
  readonly experiment: CompiledExperiment;
  /** Exposed from the ramp step on that reaches this bucket. */
  readonly ramp: number;
  /** Number of the variant. */
  readonly variant: number;
  /** The assignment that was last made of it: another one only when the ramp goes on. */
  last: Assignment | null;
}

/** Placements of a unit by layer of the snapshot; null where no experiment may have it, or it is of the other kind. */
export type PlaceUnit = (kind: UnitKind, unitId: string) => readonly (Placement | null)[];

/** Placements computed anew each time: four hashes a layer at most. */
export function placeUnit(snapshot: CompiledSnapshot): PlaceUnit {
  return (kind, unitId) => snapshot.layers.map((layer) => (layer.unit === kind ? placeIn(layer, unitId) : null));
}

/** Placements that are kept for the `unitsMax` units met last, of either kind. */
export function keptPlacements(snapshot: CompiledSnapshot, unitsMax: number): PlaceUnit {
  const place = placeUnit(snapshot);
  const keep = () => new LRUCache<string, readonly (Placement | null)[]>({ max: unitsMax });
  const kept = { user: keep(), session: keep() };
  return (kind, unitId) => {
    const known = kept[kind].get(unitId);
    if (known !== undefined) return known;
    const placements = place(kind, unitId);
    kept[kind].set(unitId, placements);
    return placements;
  };
}

function placeIn(layer: CompiledLayer, unitId: string): Placement | null {
  if (isHeldOut(layer, unitId)) return null;
  const experiment = ownerOf(layer, unitId);
  if (experiment === null) return null;
  const ramp = bucketOf('ramp', experiment.salt, unitId);
  return { experiment, ramp, variant: variantOf(experiment, unitId), last: null };
}

export function isHeldOut({ salt, holdout }: CompiledLayer, unitId: string): boolean {
  return holdout > 0 && bucketOf('holdout', salt, unitId) < holdout;
}

/** The experiment to which the unit's bucket of the layer is allocated. */
export function ownerOf(layer: CompiledLayer, unitId: string): CompiledExperiment | null {
  const { starts, ends, owners, experiments } = layer;
  const bucket = bucketOf('layer', layer.salt, unitId);
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ends[middle]! <= bucket) low = middle + 1;
    else high = middle;
  }
  return low < starts.length && starts[low]! <= bucket ? experiments[owners[low]!]! : null;
}

function variantOf({ salt, variantEnds }: CompiledExperiment, unitId: string): number {
  const bucket = bucketOf('variant', salt, unitId);
  let variant = 0;
  while (bucket >= variantEnds[variant]!) variant += 1;
  return variant;
}
