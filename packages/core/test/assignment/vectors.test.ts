import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bucketOf, type BucketPurpose } from '@shortlist/core/assignment/bucket.ts';
import { assign, type AssignmentInput } from '@shortlist/core/assignment/assign.ts';
import { compileSnapshot } from '@shortlist/core/assignment/compile-snapshot.ts';
import { explainAssignment } from '@shortlist/core/assignment/explain-assignment.ts';
import { keptPlacements } from '@shortlist/core/assignment/placement.ts';
import type { SnapshotLayer } from '@shortlist/core/contracts/assignment-snapshot.ts';
import { contentOf } from './snapshots.ts';

interface ExpectedLayer {
  readonly outcome: string;
  readonly experiment?: string;
  readonly variant?: string;
  readonly phase?: number;
}
const vectors = JSON.parse(readFileSync(new URL('../vectors/assignment.json', import.meta.url), 'utf8')) as {
  buckets: { purpose: BucketPurpose; salt: string; id: string; bucket: number }[];
  layers: SnapshotLayer[];
  assignments: { request: AssignmentInput; layers: ExpectedLayer[] }[];
};

describe('the splitter, as in Python', () => {
  const compiled = compileSnapshot(contentOf(vectors.layers));

  it('hashes the bytes of any id alike', () => {
    expect(vectors.buckets.length).toBeGreaterThan(700);
    for (const { purpose, salt, id, bucket } of vectors.buckets)
      expect(bucketOf(purpose, salt, id), JSON.stringify([purpose, salt, id])).toBe(bucket);
  });

  it('comes to the same outcome in every layer, for the same reason', () => {
    for (const { request, layers } of vectors.assignments) {
      const explained = explainAssignment(compiled, request).map(({ outcome, experiment, variant, phase }) => {
        return {
          outcome,
          ...(experiment === null ? {} : { experiment }),
          ...(variant === null ? {} : { variant, phase }),
        };
      });
      expect(explained, JSON.stringify(request)).toEqual(layers);
    }
  });

  it('assigns alike from kept placements, also when there is room for a few units only', () => {
    const place = keptPlacements(compiled, 7);
    for (const { request, layers } of [...vectors.assignments, ...vectors.assignments.slice(0, 50)]) {
      const enrolments = assign(compiled, request, place).map(({ enrolment }) => enrolment);
      expect(enrolments.map(({ experiment, assigned, phase }) => [experiment, assigned, phase])).toEqual(
        layers
          .filter(({ outcome }) => outcome === 'assigned')
          .map(({ experiment, variant, phase }) => [experiment, variant, phase]),
      );
      expect(assign(compiled, request).map(({ enrolment }) => enrolment)).toEqual(enrolments);
    }
  });
});
