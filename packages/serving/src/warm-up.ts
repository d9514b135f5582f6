import type { Catalog } from '@shortlist/core/catalog/catalog.ts';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import type { RecommendRequest } from '@shortlist/core/contracts/recommend.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import type { KeyedProfileEvents, ProfileStore } from '@shortlist/core/stores/profile-store.ts';

/**
 * Rounds over the requests below. V8 compiles what runs often, and ONNX Runtime's arena grows to its size: the first
 * request of a known shopper took 50 to 70 ms without.
 */
export const WARM_UP_ROUNDS = 15;

const KNOWN = 'warm-up-known';
const VISIT = 'warm-up-visit';
const DAY_S = 86_400;

/** One request of every kind that comes: of a known shopper, of a visit, of a stranger, with everything explained. */
export function warmUpRequests({ itemIds, categories }: Catalog): readonly RecommendRequest[] {
  const context = { surface: 'home', device: 'mobile', recent_items: itemIds.slice(0, 2) };
  const [category] = categories;
  return [
    { user_id: KNOWN, num_items: 20, context: { surface: 'home', device: 'desktop' } },
    { user_id: KNOWN, num_items: 10, explain: true, why_not: itemIds.slice(0, 1) },
    { session_id: VISIT, num_items: 20, context },
    { session_id: 'warm-up-stranger', num_items: 20 },
    ...(category === undefined
      ? []
      : [{ session_id: 'warm-up-stranger', num_items: 20, context: { category, filters: { min_price: 1 } } }]),
  ];
}

/** A shopper with many events and a visit with few, on items spread over the catalogue. */
export function warmUpProfiles({ catalog, manifest }: LoadedRelease): ProfileStore {
  const { untilS } = manifest.trainingWindow;
  const histories = new Map([
    [KNOWN, historyOf(catalog, 300, untilS)],
    [VISIT, historyOf(catalog, 8, untilS)],
  ]);
  return {
    recent: (unit) => Promise.resolve(histories.get('userId' in unit ? unit.userId : unit.sessionId) ?? NOTHING),
  };
}

const NOTHING: KeyedProfileEvents = { itemIds: [], types: new Uint8Array(0), timesS: new Float64Array(0), keys: [] };

function historyOf({ itemIds, count }: Catalog, events: number, untilS: number): KeyedProfileEvents {
  const types = [EVENT_CODE.view, EVENT_CODE.view, EVENT_CODE.view, EVENT_CODE.add_to_cart, EVENT_CODE.purchase];
  return {
    itemIds: Array.from({ length: events }, (_, e) => itemIds[(e * 7919) % count]!),
    types: Uint8Array.from({ length: events }, (_, e) => types[e % types.length]!),
    timesS: Float64Array.from({ length: events }, (_, e) => untilS - ((events - e) * 30 * DAY_S) / events),
    keys: Array.from({ length: events }, (_, e) => String(e)),
  };
}
