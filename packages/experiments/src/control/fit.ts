import type { ExperimentRecords, StoredExperiment } from '@shortlist/core/stores/experiment-store.ts';
import { problem, refuseErrors } from '../documents/problem.ts';
import { allocate, bucketsOf, freeBuckets } from '../publisher/allocate.ts';

/**
 * The experiment with the buckets of its layer that its allocation asks for; those that it has stay its own.
 * @throws `layer_over_allocated`
 */
export async function withBuckets(records: ExperimentRecords, experiment: StoredExperiment): Promise<StoredExperiment> {
  const { name, current, buckets } = experiment;
  const { layer, allocation } = current.spec;
  const others = (await records.experiments()).filter((one) => one.name !== name && one.current.spec.layer === layer);
  const taken = others.flatMap((one) => one.buckets);
  const fitting = allocate(buckets, taken, bucketsOf(allocation));
  if (fitting === null) {
    const holders = others.filter((one) => one.buckets.length > 0).map((one) => one.name);
    const free = freeBuckets(taken) / bucketsOf(1);
    const reason = `${allocation} of layer ${layer} is wanted and ${free} is free; the rest belongs to ${holders.join(', ')}`;
    refuseErrors(name, [problem('layer_over_allocated', 'spec.allocation', reason)]);
  }
  return { ...experiment, buckets: fitting! };
}
