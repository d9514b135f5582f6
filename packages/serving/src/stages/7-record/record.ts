import type { SlateRecord } from '@shortlist/core/contracts/serving-records.ts';
import type { RankingRequest } from '../../ranking-request.ts';
import type { Recorder } from './recorder.ts';

/** Puts the answer, and which experiments its unit met, on the queue; a full one drops and counts it. Never waits. */
export function record(request: RankingRequest, recorder: Recorder | null): void {
  if (recorder === null || request.slate === null) return;
  recorder.queue.offer(slateRecord(request, null));
  expose(request, recorder);
}

/**
 * Records that the request got an error instead of a slate, where an experiment wants to know: a variant that breaks
 * requests must be seen to.
 */
export function recordFailure(request: RankingRequest, code: string, recorder: Recorder | null): void {
  if (recorder === null || request.enrolments.length === 0) return;
  recorder.queue.offer(slateRecord(request, code));
  expose(request, recorder);
}

function slateRecord(request: RankingRequest, error: string | null): SlateRecord {
  const { id, body, nowS, startedMs, tier, degraded, workspace, enrolments } = request;
  const { catalog, id: release } = workspace.release;
  const slate = error === null ? request.slate : null;
  const rows = slate === null ? NO_ROWS : slate.rows.subarray(0, slate.count);
  return {
    kind: 'slate',
    request_id: id,
    user_id: body.user_id ?? null,
    session_id: body.session_id ?? null,
    timestamp: nowS,
    surface: body.context?.surface ?? '',
    device: body.context?.device ?? '',
    category: body.context?.category ?? null,
    items: Array.from(rows, (row) => catalog.itemIds[row]!),
    propensities: slate === null ? [] : Array.from(slate.propensities.subarray(0, slate.count)),
    sources: slate === null ? [] : [...slate.sources],
    teams: slate === null ? [] : [...request.teams],
    release,
    tier,
    degraded,
    latency_ms: Math.round((performance.now() - startedMs) * 1000) / 1000,
    error,
    sampled: 1,
    experiments: enrolments.map(({ experiment, version, unit, assigned, served, phase, differs }) => {
      return { experiment, version, unit, assigned, served, phase, differs };
    }),
  };
}

function expose(request: RankingRequest, { queue, exposures }: Recorder): void {
  for (const enrolment of request.enrolments) {
    if (!exposures.isNew(enrolment)) continue;
    const { experiment, version, unit, assigned, served, reason, phase } = enrolment;
    queue.offer({
      kind: 'exposure',
      ...{ experiment, version, unit, assigned, served, reason, phase },
      release: request.workspace.release.id,
      timestamp: request.nowS,
      request_id: request.id,
    });
  }
}

const NO_ROWS = new Int32Array(0);
