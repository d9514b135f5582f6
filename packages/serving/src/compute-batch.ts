import type { Explained } from './answer.ts';
import type { Outcome } from './batching/batcher.ts';
import { answerAlternatives } from './experiments/answer-alternatives.ts';
import { explain } from './explain/explain.ts';
import { inSlots } from './in-slots.ts';
import { runBatch, type StageServices } from './pipeline.ts';
import type { RankingRequest } from './ranking-request.ts';

/** Runs the batch stages, and explains while the slots still hold the candidates; then what other variants would show. */
export async function computeBatch(
  batch: readonly RankingRequest[],
  services: StageServices,
): Promise<readonly Explained[]> {
  const explained = await inSlots(batch, async () => {
    await runBatch(batch, services);
    const each: Explained[] = [];
    for (const request of batch) each.push(await explain(request));
    return each;
  });
  await answerAlternatives(batch, services);
  return explained;
}

/** `computeBatch`, but a failure that one request causes is not its mates': they are computed again one by one. */
export async function computeApart(
  batch: readonly RankingRequest[],
  services: StageServices,
): Promise<readonly Outcome<Explained>[]> {
  try {
    return (await computeBatch(batch, services)).map((value) => ({ value }));
  } catch (error) {
    if (batch.length === 1) return [{ error }];
    services.onFailure(
      'batch',
      error,
      batch.map(({ id }) => id),
    );
  }
  const outcomes: Outcome<Explained>[] = [];
  for (const request of batch) {
    try {
      outcomes.push({ value: (await computeBatch([request], services))[0]! });
    } catch (error) {
      outcomes.push({ error });
    }
  }
  return outcomes;
}
