import { Type } from 'typebox';
import type { DocumentKind } from '@shortlist/core/contracts/experiment.ts';
import type { StoredExperiment } from '@shortlist/core/stores/experiment-store.ts';
import type { HttpReply } from '@shortlist/service/http/adapter.ts';
import { json } from '@shortlist/service/http/replies.ts';
import { shareAt } from '../documents/check-change.ts';
import { countBuckets, bucketsOf } from '../publisher/allocate.ts';

/** Of an answer; the closed schema of the document is in the request body's reference. */
export const ResourceSchema = Type.Object({
  apiVersion: Type.String(),
  kind: Type.String(),
  metadata: Type.Object({ name: Type.String(), resourceVersion: Type.Integer() }),
  spec: Type.Object({}, { additionalProperties: true }),
  status: Type.Optional(Type.Object({}, { additionalProperties: true, description: 'Of an experiment.' })),
});

/** A document in the shape in which it can be applied again. */
export function resourceOf(
  kind: DocumentKind,
  { name, resourceVersion, spec }: { name: string; resourceVersion: number; spec: object },
  status?: object,
): object {
  return {
    ...{ apiVersion: 'shortlist.dev/v1alpha1', kind, metadata: { name, resourceVersion }, spec },
    ...(status === undefined ? {} : { status }),
  };
}

export function experimentResource(experiment: StoredExperiment, nowS: number): object {
  const { name, resourceVersion, current, state, startedAtS, endedAtS, promoted, buckets } = experiment;
  const { spec, version, phase, startedAtS: versionStartedAtS } = current;
  return resourceOf(
    'Experiment',
    { name, resourceVersion, spec },
    {
      state,
      version,
      phase,
      startedAt: isoOf(startedAtS),
      versionStartedAt: isoOf(versionStartedAtS),
      endedAt: isoOf(endedAtS),
      promoted,
      allocated: countBuckets(buckets) / bucketsOf(1),
      exposed: buckets.length === 0 ? 0 : shareAt(spec, nowS),
    },
  );
}

/** ISO 8601, UTC; null for null. */
export const isoOf = (timeS: number | null): string | null =>
  timeS === null ? null : new Date(timeS * 1000).toISOString();

/** With the resource version as its ETag, for `If-Match`. */
export function tagged(resource: object, resourceVersion: number): HttpReply {
  const reply = json(200, resource);
  return { ...reply, headers: [...reply.headers, ['etag', `"${resourceVersion}"`]] };
}
