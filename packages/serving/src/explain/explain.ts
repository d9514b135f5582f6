import type { RankingRequest } from '../ranking-request.ts';
import { NOT_EXPLAINED, type Explained } from '../answer.ts';
import { explainSlate } from './explain-slate.ts';
import { whyNot } from './why-not.ts';

/** What the request asked to be told about its slate; runs while the batch's buffers still hold its candidates. */
export async function explain(request: RankingRequest): Promise<Explained> {
  const { explain: wanted, why_not: absent } = request.body;
  if (wanted !== true && absent === undefined) return NOT_EXPLAINED;
  return {
    ...(wanted === true ? await explainSlate(request) : { explanations: null, reasons: null }),
    whyNot: absent?.map((itemId) => whyNot(request, itemId)) ?? null,
  };
}
