import type { RankingRequest } from '../../ranking-request.ts';
import type { Impression, ImpressionQueue } from './impression-queue.ts';

/** Puts the slate on the queue; a full one drops and counts it. Never waits, never throws. */
export function record(request: RankingRequest, queue: ImpressionQueue | null): void {
  if (queue !== null && request.slate !== null) queue.offer(impressionOf(request));
}

function impressionOf(request: RankingRequest): Impression {
  const { id, body, nowS, tier, degraded, workspace, slate } = request;
  const { catalog, id: release } = workspace.release;
  const rows = slate!.rows.subarray(0, slate!.count);
  return {
    request_id: id,
    ...(body.user_id === undefined ? {} : { user_id: body.user_id }),
    ...(body.session_id === undefined ? {} : { session_id: body.session_id }),
    timestamp: nowS,
    surface: body.context?.surface ?? '',
    device: body.context?.device ?? '',
    ...(body.context?.category === undefined ? {} : { category: body.context.category }),
    items: Array.from(rows, (row) => catalog.itemIds[row]!),
    propensities: Array.from(slate!.propensities.subarray(0, slate!.count)),
    release,
    tier,
    degraded,
  };
}
