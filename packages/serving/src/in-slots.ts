import type { RankingRequest } from './ranking-request.ts';

/** Lends every request a slot of its release for `work`. */
export async function inSlots<T>(requests: readonly RankingRequest[], work: () => Promise<T>): Promise<T> {
  for (const request of requests) request.slot = request.workspace.takeSlot();
  try {
    return await work();
  } finally {
    for (const request of requests) {
      request.workspace.returnSlot(request.buffers);
      request.slot = null;
    }
  }
}
