import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Enrolment } from '@shortlist/core/assignment/enrolment.ts';
import { ExposureSchema, SlateRecordSchema } from '@shortlist/core/contracts/serving-records.ts';
import { effectiveParameters } from '@shortlist/core/contracts/effective-parameters.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import { compileValidator } from '@shortlist/service/http/validation.ts';
import { createRecorder, recordFailure, STAGES } from '../../src/pipeline.ts';
import { RankingRequest, type ServedSlate } from '../../src/ranking-request.ts';
import { ReleaseWorkspace } from '../../src/release-workspace.ts';
import { NOW_S, openTinyRelease } from '../pipeline/tiny-serving.ts';
import { KeptRecords } from '../records/kept-records.ts';

let release: LoadedRelease;
beforeAll(async () => {
  release = await openTinyRelease();
});
afterAll(() => release.close());

const enrolment = (changes: Partial<Enrolment> = {}): Enrolment => ({
  ...{ experiment: 'ranker-2', version: 3, unit: 'u:ann', assigned: 'treatment', served: 'control' },
  ...{ reason: 'release_not_loaded', phase: 1, differs: null },
  ...changes,
});

const slate: ServedSlate = {
  count: 2,
  rows: Int32Array.of(3, 4, 0),
  scores: new Float32Array(3),
  propensities: Float32Array.of(1, 0.25, 0),
  explored: new Uint8Array(3),
  sources: ['trending', ''],
  placementOf: () => undefined,
  cappedBy: () => null,
  order: new Int32Array(0),
};

function answered(id: string, changes: Partial<Pick<RankingRequest, 'enrolments' | 'slate' | 'teams'>> = {}) {
  const request = new RankingRequest({
    id,
    body: { user_id: 'ann', num_items: 2, context: { surface: 'home', device: 'mobile', category: 'books' } },
    trace: undefined,
    workspace: new ReleaseWorkspace(release),
    parameters: effectiveParameters(release.parameters, {}),
    nowS: NOW_S,
    deadlineMs: Infinity,
  });
  return Object.assign(request, { slate, enrolments: [], ...changes });
}

const stage = STAGES.find(({ name }) => name === 'record')!;
const record = (kept: ReturnType<typeof createRecorder> | null, request: RankingRequest) =>
  stage.run([request], { recorder: kept } as unknown as Parameters<typeof stage.run>[1]);

const checkSlate = compileValidator(SlateRecordSchema, 'slate');
const checkExposure = compileValidator(ExposureSchema, 'exposure');

describe('the record stage', () => {
  it('records what was shown, in the form that the ingest service takes', () => {
    const kept = new KeptRecords();
    const recorder = createRecorder(kept, kept.limits);
    void record(recorder, answered('r1', { teams: [0, 1], enrolments: [enrolment()] }));
    recorder.queue.flush();
    expect(kept.slates.map(checkSlate)).toEqual([
      {
        ...{ kind: 'slate', request_id: 'r1', user_id: 'ann', session_id: null, timestamp: NOW_S, surface: 'home' },
        ...{ device: 'mobile', category: 'books', items: ['item-3', 'item-4'], propensities: [1, 0.25] },
        ...{ sources: ['trending', ''], teams: [0, 1], release: release.id, tier: 'trending', degraded: [] },
        ...{ latency_ms: expect.any(Number) as number, error: null, sampled: 1 },
        experiments: [
          {
            ...{ experiment: 'ranker-2', version: 3, unit: 'u:ann', assigned: 'treatment', served: 'control' },
            ...{ phase: 1, differs: null },
          },
        ],
      },
    ]);
    expect(kept.exposures.map(checkExposure)).toEqual([
      {
        ...{ kind: 'exposure', experiment: 'ranker-2', version: 3, unit: 'u:ann', assigned: 'treatment' },
        ...{ served: 'control', reason: 'release_not_loaded', phase: 1, release: release.id, timestamp: NOW_S },
        request_id: 'r1',
      },
    ]);
  });

  it('says of a unit once that it met an experiment: by version and served variant', () => {
    const kept = new KeptRecords();
    const recorder = createRecorder(kept, kept.limits);
    const enrolments = [
      [enrolment()],
      [enrolment(), enrolment({ experiment: 'mmr' })],
      [enrolment({ served: 'treatment', reason: null })],
      [enrolment({ version: 4 })],
      [enrolment({ unit: 's:ann' })],
      [enrolment({ assigned: 'other' }), enrolment({ version: 4 })],
    ];
    enrolments.forEach((some, i) => void record(recorder, answered(`r${i}`, { enrolments: some })));
    recorder.queue.flush();
    expect(kept.slates).toHaveLength(6);
    expect(kept.exposures.map((one) => [one.request_id, one.experiment, one.version, one.served, one.unit])).toEqual([
      ['r0', 'ranker-2', 3, 'control', 'u:ann'],
      ['r1', 'mmr', 3, 'control', 'u:ann'],
      ['r2', 'ranker-2', 3, 'treatment', 'u:ann'],
      ['r3', 'ranker-2', 4, 'control', 'u:ann'],
      ['r4', 'ranker-2', 3, 'control', 's:ann'],
    ]);
  });

  it('remembers so many exposures and no more', () => {
    const kept = new KeptRecords();
    const recorder = createRecorder(kept, { ...kept.limits, exposureMemoryMax: 10 });
    const meet = (unit: number) =>
      void record(recorder, answered('r', { enrolments: [enrolment({ unit: `u:${unit}` })] }));
    for (let unit = 0; unit < 11; unit++) meet(unit);
    for (let unit = 10; unit > 0; unit--) meet(unit);
    recorder.queue.flush();
    expect(kept.exposures).toHaveLength(11);
    meet(0);
    recorder.queue.flush();
    expect(kept.exposures).toHaveLength(12);
  });

  it('says all exposures again after some were lost', () => {
    const kept = new KeptRecords();
    const recorder = createRecorder(kept, kept.limits);
    kept.roomFor = 1;
    const meet = (unit: string) => void record(recorder, answered('r', { enrolments: [enrolment({ unit })] }));
    meet('u:1');
    recorder.queue.flush();
    meet('u:2');
    recorder.queue.flush();
    expect(recorder.queue.status()).toMatchObject({ offered: 4, dropped: 2 });
    kept.roomFor = Infinity;
    meet('u:1');
    meet('u:2');
    recorder.queue.flush();
    expect(kept.exposures.map(({ unit }) => unit)).toEqual(['u:1', 'u:1', 'u:2']);
  });

  it('records an error for the experiments that its request is in, and for nobody else', () => {
    const kept = new KeptRecords();
    const recorder = createRecorder(kept, kept.limits);
    recordFailure(answered('nobody'), 'internal', recorder);
    recordFailure(answered('failed', { enrolments: [enrolment()] }), 'overloaded', recorder);
    recordFailure(answered('no recorder', { enrolments: [enrolment()] }), 'overloaded', null);
    recorder.queue.flush();
    expect(kept.slates.map(checkSlate)).toMatchObject([
      { request_id: 'failed', error: 'overloaded', items: [], propensities: [], sources: [], teams: [] },
    ]);
    expect(kept.exposures).toHaveLength(1);
  });
});

describe('the record queue', () => {
  it('hands on what came within its interval, together and in order', async () => {
    const kept = new KeptRecords();
    const { queue } = createRecorder(kept, kept.limits);
    for (let i = 0; i < 700; i++) queue.offer(exposureOf(i));
    // Not at once: answers go first.
    expect(kept.records).toEqual([]);
    await expect.poll(() => kept.records.length).toBe(700);
    expect(kept.exposures.map(({ unit }) => unit)).toEqual(Array.from({ length: 700 }, (_, i) => `u:${i}`));
    queue.offer(exposureOf(700));
    await sleep(0);
    await expect.poll(() => kept.records.length).toBe(701);
  });

  it('drops and counts what is too much', () => {
    const kept = new KeptRecords();
    const { queue } = createRecorder(kept, { ...kept.limits, recordsQueueMax: 3 });
    for (let i = 0; i < 10; i++) queue.offer(exposureOf(i));
    expect(queue.status()).toMatchObject({ queued: 3, offered: 10, dropped: 7 });
    queue.flush();
    expect(kept.exposures.map(({ unit }) => unit)).toEqual(['u:0', 'u:1', 'u:2']);
  });
});

const exposureOf = (unit: number) => ({
  ...{ kind: 'exposure' as const, experiment: 'e', version: 1, unit: `u:${unit}`, assigned: 'a', served: 'a' },
  ...{ reason: null, release: 'r', phase: 0, timestamp: NOW_S, request_id: 'r' },
});
