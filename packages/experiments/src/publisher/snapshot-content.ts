import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { compileSnapshot } from '@shortlist/core/assignment/compile-snapshot.ts';
import { sealSnapshot, type SnapshotContent } from '@shortlist/core/assignment/seal-snapshot.ts';
import {
  BUCKETS,
  type AssignmentSnapshot,
  type SnapshotExperiment,
  type SnapshotLayer,
  type SnapshotVariant,
} from '@shortlist/core/contracts/assignment-snapshot.ts';
import type { ExperimentSpec, LayerSpec } from '@shortlist/core/contracts/experiment.ts';
import type { ExperimentRecords, StoredDocument, StoredExperiment } from '@shortlist/core/stores/experiment-store.ts';
import { saltOf } from '../documents/check-change.ts';
import { timeOf } from '../documents/check-spec.ts';
import { bucketsOf } from './allocate.ts';

/** What a snapshot says, without its number and time: the same again is not published again. */
type SnapshotBody = Pick<SnapshotContent, 'layers' | 'promoted'>;

/** States in which an experiment's units get their variants. */
export const SPLITTING: ReadonlySet<StoredExperiment['state']> = new Set(['running', 'needs_attention']);

/** The split that experiments and layers make. */
export function snapshotBody(
  layers: readonly StoredDocument<LayerSpec>[],
  experiments: readonly StoredExperiment[],
): SnapshotBody {
  const splitting = experiments.filter(({ state }) => SPLITTING.has(state));
  const promoted = experiments
    .filter((one) => one.state === 'promoted' && one.promoted !== null)
    .sort((a, b) => (a.endedAtS ?? 0) - (b.endedAtS ?? 0));
  return {
    layers: layers.map(({ name, spec }): SnapshotLayer => ({
      name,
      unit: spec.unit,
      salt: saltOf(name, spec),
      holdout: bucketsOf(spec.holdout),
      experiments: splitting.filter(({ current }) => current.spec.layer === name).map(snapshotExperiment),
    })),
    promoted: promoted.map(({ name, promoted: variant, current, endedAtS }) => {
      const { release = null, parameters = {} } = current.spec.variants.find((one) => one.name === variant)!;
      return { experiment: name, variant: variant!, promotedAtS: endedAtS ?? 0, release, parameters };
    }),
  };
}

function snapshotExperiment({ name, current, buckets, startedAtS }: StoredExperiment): SnapshotExperiment {
  const { spec, version } = current;
  const { type, targeting, startsAt, endsAt, ramp, variants, analysis } = spec;
  return {
    name,
    version,
    type,
    salt: saltOf(name, spec),
    allocation: [...buckets],
    targeting,
    startsAtS: startsAt === undefined ? startedAtS! : timeOf(startsAt),
    endsAtS: endsAt === undefined ? null : timeOf(endsAt),
    ramp: ramp.map(({ at, share }) => ({ atS: timeOf(at), exposed: bucketsOf(share) })),
    variants: tile(variants),
    triggered: analysis.triggered,
  };
}

/** Variants side by side over all buckets, each as wide as its weight; rounding is no variant's loss but the next one's. */
export function tile(variants: ExperimentSpec['variants']): SnapshotVariant[] {
  let sum = 0;
  let from = 0;
  return variants.map(({ name, weight, release = null, parameters = {} }, i) => {
    sum += weight;
    const to = i === variants.length - 1 ? BUCKETS : Math.max(from, Math.round(sum * BUCKETS));
    const variant = { name, buckets: { from, to }, release, parameters };
    from = to;
    return variant;
  });
}

/**
 * Stores the snapshot of what holds now, under the next number, unless it says the same as the newest one. Call it at the
 * end of every transaction that may have changed the split. Returns the newest.
 * @throws `snapshot_invalid`, `experiment_parameter_conflict`: then nothing of the transaction may stay
 */
export async function renewSnapshot(records: ExperimentRecords, nowS: number): Promise<AssignmentSnapshot> {
  const latest = await records.latestSnapshot();
  const body = snapshotBody(await records.layers(), await records.experiments());
  if (latest !== undefined && isDeepStrictEqual(asJson(body), asJson(bodyOf(latest)))) return latest;
  // The first of a database names its lineage, and all others keep it.
  const lineage = latest?.lineage ?? randomUUID();
  const content = { lineage, version: (latest?.version ?? 0) + 1, publishedAtS: nowS, ...body };
  compileSnapshot(content);
  const snapshot = sealSnapshot(content);
  await records.addSnapshot(snapshot);
  return snapshot;
}

const bodyOf = ({ layers, promoted }: AssignmentSnapshot): SnapshotBody => ({ layers, promoted });

/** As it comes back from the database. */
const asJson = (body: SnapshotBody): unknown => JSON.parse(JSON.stringify(body));
