import type { Catalog } from '@shortlist/core/catalog/catalog.ts';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import type { Parameters } from '@shortlist/core/contracts/parameters.ts';
import type { RecommendRequest } from '@shortlist/core/contracts/recommend.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import type { Pace } from '@shortlist/core/release/pace.ts';
import type { KeyedProfileEvents, ProfileStore } from '@shortlist/core/stores/profile-store.ts';
import { answerOf } from './answer.ts';
import { computeBatch } from './compute-batch.ts';
import { createProfiles } from './create-profiles.ts';
import { AFTER_BATCH, BEFORE_BATCH, runStage, STAGES, type StageServices } from './pipeline.ts';
import { RankingRequest } from './ranking-request.ts';
import type { ReleaseWorkspace } from './release-workspace.ts';

/**
 * Rounds over the requests below. V8 compiles what runs often, and ONNX Runtime's arena grows to its size: the first
 * request of a known shopper took 50 to 70 ms without.
 */
const ROUNDS = 15;

const KNOWN = 'warm-up-known';
const VISIT = 'warm-up-visit';
const DAY_S = 86_400;

/**
 * Runs requests of every kind through all stages with a release that does not serve yet; nothing of them is recorded.
 * Returns the stages that ran, by name. Rejects as a request would.
 */
export async function warmUp({
  workspace,
  parameters,
  services,
  pace,
}: {
  readonly workspace: ReleaseWorkspace;
  readonly parameters: Parameters;
  readonly services: StageServices;
  readonly pace: Pace;
}): Promise<readonly string[]> {
  const { release } = workspace;
  const quiet: StageServices = {
    ...services,
    variants: null,
    profiles: createProfiles({ store: warmUpProfiles(release), entriesMax: 10, ttlMs: 0 }).cache,
    recorder: null,
    onLate: () => undefined,
  };
  const ran = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    // Both rankers, since an experiment may ask for the other one.
    const isOther = parameters.precision !== 'none' && round % 3 === 2;
    const requests = warmUpRequests(release.catalog).map((body, i) => {
      return new RankingRequest({
        id: `warm-up-${round}-${i}`,
        body,
        trace: { stage: (name) => ran.add(name) },
        workspace,
        parameters: isOther ? { ...parameters, precision: 'fp32' } : parameters,
        nowS: release.manifest.trainingWindow.untilS,
        deadlineMs: Infinity,
      });
    });
    for (const request of requests) for (const stage of BEFORE_BATCH) await runStage(stage, [request], quiet);
    // Alone and together: batches of one and of several take other paths.
    for (const batch of round % 2 === 0 ? [requests] : requests.map((request) => [request])) {
      const explained = await computeBatch(batch, quiet);
      for (const request of batch) for (const stage of AFTER_BATCH) await runStage(stage, [request], quiet);
      batch.forEach((request, i) => answerOf(request, explained[i]!, 0));
      await pace.rest();
    }
  }
  return STAGES.map(({ name }) => name).filter((name) => ran.has(name));
}

/** One request of every kind that comes: of a known shopper, of a visit, of a stranger, with everything explained. */
function warmUpRequests({ itemIds, categories }: Catalog): readonly RecommendRequest[] {
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
function warmUpProfiles({ catalog, manifest }: LoadedRelease): ProfileStore {
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
