import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { SOURCES } from '@shortlist/core/retrieval/source.ts';
import { bestSource } from '../best-source.ts';
import type { RankingRequest } from '../ranking-request.ts';

/** Events of the profile that a reason may name. */
const HISTORY_MAX = 30;
/** Below this cosine, naming an item of the history would explain nothing. */
const NEAR_ENOUGH = 0.3;

/** The past tense of what a shopper did, for a sentence about it. Anything else they "looked at". */
const DID: Readonly<Record<number, string>> = {
  [EVENT_CODE.purchase]: 'bought',
  [EVENT_CODE.add_to_cart]: 'put into your basket',
  [EVENT_CODE.wishlist]: 'saved',
};

/** One sentence that a shopper can read, from what is known of the item: never a claim that the trace does not support. */
export function reasonFor(request: RankingRequest, row: number, explored: boolean): string {
  if (explored) return 'Something new for you to discover';
  const own = lastOwnEvent(request, row);
  if (own === EVENT_CODE.purchase) return 'You bought this before';
  if (own === EVENT_CODE.add_to_cart) return 'You put this into your basket';
  if (own > 0) return 'You looked at this lately';

  const { catalog } = request.workspace.release;
  const place = catalog.category(row);
  const found = bestSource(request, row);
  const kind = SOURCES.find(({ name }) => name === found)?.kind;
  if (kind === 'collaborative' || found === 'content') {
    const near = nearestInHistory(request, row);
    if (near !== null) return `Because you ${DID[near.type] ?? 'looked at'} ${catalog.titles[near.row]!}`;
  }
  if (found === 'new_items') return place === '' ? 'New in the shop' : `New in ${place}`;
  if (found === 'category' && place !== '' && looksAt(request, row)) return `More from ${place}, which you look at`;
  return place === '' ? 'Popular now' : `Popular in ${place}`;
}

/** Type of the strongest thing the shopper did with this very item; 0 for nothing. */
function lastOwnEvent({ profile }: RankingRequest, row: number): number {
  let found = 0;
  for (let i = 0; i < profile.length; i++) {
    if (profile.rows[i] !== row) continue;
    const type = profile.types[i]!;
    if (type === EVENT_CODE.purchase) return type;
    if (type === EVENT_CODE.add_to_cart || (type === EVENT_CODE.view && found === 0)) found = type;
  }
  return found;
}

/** Whether the shopper's events hold another item of the same category. */
function looksAt({ profile, workspace }: RankingRequest, row: number): boolean {
  const { categoryCodes } = workspace.release.catalog;
  for (let i = 0; i < profile.length; i++) if (categoryCodes[profile.rows[i]!] === categoryCodes[row]) return true;
  return false;
}

/** The item of the last events that is most like `row`: by vector; without vectors the last one of the same category. */
function nearestInHistory(request: RankingRequest, row: number): { row: number; type: number } | null {
  const { profile, workspace } = request;
  const { catalog, itemVectors } = workspace.release;
  const dim = itemVectors === null ? 0 : itemVectors.length / catalog.capacity;
  let best: { row: number; type: number } | null = null;
  let bestCloseness = NEAR_ENOUGH;
  for (let i = profile.length - 1; i >= Math.max(0, profile.length - HISTORY_MAX); i--) {
    const other = profile.rows[i]!;
    if (other === row || profile.types[i] === EVENT_CODE.hide || profile.types[i] === EVENT_CODE.impression) continue;
    const closeness =
      itemVectors === null
        ? Number(catalog.categoryCodes[other] === catalog.categoryCodes[row])
        : dot(itemVectors, dim, other, row);
    if (closeness <= bestCloseness) continue;
    bestCloseness = closeness;
    best = { row: other, type: profile.types[i]! };
  }
  return best;
}

function dot(vectors: Float32Array, dim: number, a: number, b: number): number {
  let sum = 0;
  for (let d = 0; d < dim; d++) sum += vectors[a * dim + d]! * vectors[b * dim + d]!;
  return sum;
}
