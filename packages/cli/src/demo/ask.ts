import type { RecommendRequest, RecommendResponse } from '@shortlist/core/contracts/recommend.ts';
import type { Shopper } from '../up/shoppers.ts';

/** The first requests of a fresh pod on a busy machine may wait longer than a shop's page would let them. */
const DEADLINE_MS = 5_000;

/** A few requests that show the tiers: a known shopper, an anonymous session, a stranger in a category, a stranger. */
export async function askForSlates(podUrl: string, shopper: Shopper, print: (line: string) => void): Promise<void> {
  const known = await ask(podUrl, { user_id: shopper.user_id, num_items: 5, explain: true }, print);
  const seen = known.recommendations.slice(0, 2).map((item) => item.item_id);
  await ask(
    podUrl,
    { session_id: 'demo-session', num_items: 5, context: { recent_items: seen }, explain: true },
    print,
  );
  const category = known.recommendations[0]?.metadata.category;
  if (category)
    await ask(podUrl, { session_id: 'demo-stranger', num_items: 5, context: { category }, explain: true }, print);
  await ask(podUrl, { session_id: 'demo-stranger', num_items: 5, explain: true }, print);
}

async function ask(
  podUrl: string,
  request: RecommendRequest,
  print: (line: string) => void,
): Promise<RecommendResponse> {
  const body = JSON.stringify({ ...request, deadline_ms: DEADLINE_MS });
  const reply = await fetch(`${podUrl}/recommend`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  if (!reply.ok) throw new Error(`POST /recommend ${body}: ${reply.status} ${await reply.text()}`);
  const answer = (await reply.json()) as RecommendResponse;
  const degraded = answer.degraded.length > 0 ? `, degraded: ${answer.degraded.join(', ')}` : '';
  print(`\nPOST /recommend ${body}`);
  print(`  ${answer.tier}${degraded}, ${answer.latency_ms.toFixed(1)} ms, ${answer.model_version}`);
  for (const item of answer.recommendations) {
    const { title, price, category } = item.metadata;
    const reason = item.reason === undefined ? '' : `  (${item.reason})`;
    print(`  ${item.score.toFixed(4)}  ${title}, ${category}, ${price.toFixed(2)}${reason}`);
  }
  return answer;
}
