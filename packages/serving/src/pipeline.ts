import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { assign, type AssignServices } from './stages/1-assign/assign.ts';
import { joinProfile, readProfile, withoutProfile } from './stages/2-profile/profile.ts';
import type { ProfileCache } from './stages/2-profile/profile-cache.ts';
import { retrieve } from './stages/3-retrieve/retrieve.ts';
import { filter } from './stages/4-filter/filter.ts';
import { keepFusedOrder, rank } from './stages/5-rank/rank.ts';
import { rerank } from './stages/6-rerank/rerank.ts';
import type { Recorder } from './stages/7-record/recorder.ts';
import { record } from './stages/7-record/record.ts';
import type { RankingRequest } from './ranking-request.ts';
import { within } from './within.ts';

/** What the stages use of the outside. */
export interface StageServices extends AssignServices {
  readonly profiles: ProfileCache | null;
  readonly recorder: Recorder | null;
  /** Told of every failure that an answer survived. */
  readonly onFailure: (what: string, error: unknown, requestIds: readonly string[]) => void;
  /** Told of a stage that took longer than its deadline. */
  readonly onLate: (stage: string, tookMs: number) => void;
}

export interface Stage {
  readonly name: string;
  /** What it reads that earlier stages or the outside made. */
  readonly needs: readonly string[];
  /**
   * Longest it may take. A stage of one request, which waits for a store, is given up then. A batch cannot be: it computes
   * synchronously in buffers that the next batch will use, so it is only reported as late.
   */
  readonly deadlineMs: number;
  /** `fail` refuses the request; `degrade` goes on with `instead` and names the stage in `degraded`. */
  readonly onFailure: 'fail' | 'degrade';
  /** `request`: as it arrives; `batch`: for the requests of one batch that share release and precision. */
  readonly scope: 'request' | 'batch';
  readonly run: (requests: readonly RankingRequest[], services: StageServices) => void | Promise<void>;
  readonly instead?: (request: RankingRequest) => void;
  /** Always, after `run` or `instead`. */
  readonly then?: (request: RankingRequest) => void;
}

/**
 * The request path, in the order it runs: whoever has read this table knows the system. Folders under stages/ carry the
 * same names and order (test/pipeline/stages-table.test.ts).
 */
export const STAGES: readonly Stage[] = [
  {
    name: 'assign',
    needs: ['body', 'releases', 'assignment snapshot', 'rules'],
    deadlineMs: 2,
    onFailure: 'fail',
    scope: 'request',
    run: ([request], services) => assign(request!, services),
  },
  {
    name: 'profile',
    needs: ['unit', 'profile store', 'context.recent_items'],
    deadlineMs: 20,
    onFailure: 'degrade',
    scope: 'request',
    run: ([request], { profiles }) => readProfile(request!, profiles),
    instead: withoutProfile,
    then: joinProfile,
  },
  {
    name: 'retrieve',
    needs: ['profile', 'sources', 'user tower'],
    deadlineMs: 50,
    onFailure: 'fail',
    scope: 'batch',
    run: (requests, { onFailure }) =>
      retrieve(requests, (part, error) =>
        onFailure(
          part,
          error,
          requests.map(({ id }) => id),
        ),
      ),
  },
  {
    name: 'filter',
    needs: ['candidates', 'eligibility'],
    deadlineMs: 20,
    onFailure: 'fail',
    scope: 'batch',
    run: (requests) => requests.forEach(filter),
  },
  {
    name: 'rank',
    needs: ['candidates', 'profile', 'ranker'],
    deadlineMs: 50,
    onFailure: 'degrade',
    scope: 'batch',
    run: rank,
    instead: keepFusedOrder,
  },
  {
    name: 'rerank',
    needs: ['ranked candidates', 'rules', 'item vectors'],
    deadlineMs: 20,
    onFailure: 'fail',
    scope: 'batch',
    run: (requests) => requests.forEach(rerank),
  },
  {
    name: 'record',
    needs: ['slate', 'enrolments', 'record queue'],
    deadlineMs: 2,
    onFailure: 'degrade',
    scope: 'request',
    run: ([request], { recorder }) => record(request!, recorder),
  },
];

/** Runs one stage for requests that go through it together, with its deadline, its fallback and its timing. */
export async function runStage(
  stage: Stage,
  requests: readonly RankingRequest[],
  services: StageServices,
): Promise<void> {
  const startedMs = performance.now();
  try {
    const work = stage.run(requests, services);
    if (work !== undefined) await (stage.scope === 'request' ? within(stage.deadlineMs, work, stage.name) : work);
  } catch (error) {
    // A coded refusal of the request itself (user_not_found) is an answer, not a failure of the stage.
    if (
      stage.onFailure === 'fail' ||
      (error instanceof ShortlistError && error.status < 500 && stage.scope === 'request')
    )
      throw error;
    services.onFailure(
      stage.name,
      error,
      requests.map(({ id }) => id),
    );
    for (const request of requests) {
      request.degrade(stage.name);
      stage.instead?.(request);
    }
  }
  if (stage.then) requests.forEach(stage.then);
  const tookMs = performance.now() - startedMs;
  if (tookMs > stage.deadlineMs) services.onLate(stage.name, tookMs);
  for (const request of requests) request.trace?.stage(stage.name, tookMs);
}

/** Stages of a request before its batch, those of the batch, and those after it. */
export const BEFORE_BATCH = STAGES.slice(
  0,
  STAGES.findIndex(({ scope }) => scope === 'batch'),
);
export const IN_BATCH = STAGES.filter(({ scope }) => scope === 'batch');
export const AFTER_BATCH = STAGES.slice(BEFORE_BATCH.length + IN_BATCH.length);

/** Runs the batch stages: once for each group of requests that can share a call of the models. */
export async function runBatch(requests: readonly RankingRequest[], services: StageServices): Promise<void> {
  const groups = new Map<string, RankingRequest[]>();
  for (const request of requests) {
    const key = `${request.workspace.release.id} ${request.parameters.precision}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [request]);
    else group.push(request);
  }
  for (const group of groups.values()) for (const stage of IN_BATCH) await runStage(stage, group, services);
}

// Only this file imports stages; what whoever builds a pipeline must hand to them comes through here.
export { joinProfile } from './stages/2-profile/profile.ts';
export { CacheTier } from './stages/2-profile/cache-tier.ts';
export { LogTier } from './stages/2-profile/log-tier.ts';
export { ProfileCache } from './stages/2-profile/profile-cache.ts';
export type { ProfileTier } from './stages/2-profile/profile-read.ts';
export { TieredProfiles } from './stages/2-profile/tiered-profiles.ts';
export { recordFailure } from './stages/7-record/record.ts';
export type { RecordSink } from './stages/7-record/record-queue.ts';
export { createRecorder, type RecorderLimits } from './stages/7-record/recorder.ts';
