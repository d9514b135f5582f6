import { DROP_REASONS, type DropReason } from '../eligibility.ts';
import type { RankingRequest } from '../ranking-request.ts';

/** What each filter reason means to the person who asks. */
const REASONS: Readonly<Record<DropReason, string>> = {
  unavailable: 'It is out of stock.',
  hidden: 'The shopper has hidden it.',
  excluded: 'The request excludes it.',
  bought: 'The shopper has bought it already, and repeats are not allowed.',
  seen: 'The shopper has seen it a short while ago.',
  category: 'It is not in a category that the request asks for.',
  brand: 'It is not of a brand that the request asks for.',
  price: 'Its price is outside what the request asks for.',
  price_band: 'Its price is outside the price band of a rule.',
};

export interface WhyNot {
  item_id: string;
  stage: string;
  reason: string;
}

/** The first stage that keeps an item out of this slate, and why. */
export function whyNot(request: RankingRequest, itemId: string): WhyNot {
  const { slate, workspace, allowed } = request;
  const says = (stage: string, reason: string): WhyNot => ({ item_id: itemId, stage, reason });
  if (slate === null) throw new Error('asked why an item is absent before the rerank stage');
  const row = workspace.release.catalog.rowOf(itemId);
  if (row < 0) return says('catalogue', `Release ${workspace.release.id} has no item ${itemId}.`);

  const slot = slate.rows.indexOf(row);
  if (slot >= 0 && slot < slate.count) return says('slate', `It is in the slate, at slot ${slot + 1}.`);

  // Asked before retrieval: an item that may not be shown would stay out whatever the sources find.
  const barred = allowed.against(row);
  if (barred !== 0) return says('filter', REASONS[DROP_REASONS[barred] as DropReason]);

  const { candidates, ranked } = request.buffers;
  const candidate = candidates.slotOf(row);
  if (candidate < 0) return says('retrieve', `No source put it among the ${candidates.count} candidates.`);

  const cap = slate.cappedBy(row);
  const boosted = slate.order.indexOf(candidate) + 1;
  if (cap !== null) return says('rerank', `Rule ${cap} allows no more items like it (it ranked ${boosted}).`);

  const byModel = ranked.subarray(0, candidates.count).indexOf(candidate) + 1;
  const standing = `It ranked ${byModel} of ${candidates.count}`;
  const rule = slate.placementOf(row);
  if (byModel <= slate.count && boosted > slate.count && rule !== undefined)
    return says('rerank', `${standing}, and rule ${rule.rule} moved it down (${rule.effect}).`);
  if (boosted <= slate.count)
    return says('rerank', `${standing}; more diverse, pinned or exploratory items took its place.`);
  return says(candidate < request.modelled ? 'rank' : 'retrieve', `${standing}; the slate has ${slate.count}.`);
}
