import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { FEATURE_WIDTHS } from '@shortlist/core/features/definitions.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import type { Ranker, RankerBatch } from '@shortlist/core/release/ranker.ts';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import { memoryStores } from '@shortlist/core/stores/memory/stores.ts';
import { createRecommender } from '@shortlist/serving/create-recommender.ts';
import { event } from '../../../core/test/stores/rows.ts';
import { LIMITS, openTinyRelease } from '../../../serving/test/pipeline/tiny-serving.ts';
import { FoldRetrieval } from '../../src/train/fold-retrieval.ts';
import { RequestReplay } from '../../src/train/replay.ts';
import { ActorHistory, readTrainingLog, type TrainingLog } from '../../src/train/training-log.ts';

const START_S = 1_700_000_000;
const DAY_S = 86_400;
const USERS = 12;
const ROUNDS = 4;
const TYPES = ['view', 'view', 'view', 'click', 'add_to_cart', 'purchase', 'purchase', 'wishlist'] as const;

/** What a served-request log keeps of a request. */
interface Served {
  readonly user: string;
  readonly nowS: number;
  readonly device: string | undefined;
  readonly surface: string | undefined;
  readonly category: string | null;
  readonly allowPurchased: boolean;
}

let release: LoadedRelease;
beforeAll(async () => {
  release = await openTinyRelease();
});
afterAll(() => release.close());

/** Rows of a batch as `item row, user features, cross features`, in hexadecimal: equal text is equal bits. */
function vectorsOf(batch: RankerBatch): string[] {
  const hex = (values: Float32Array, at: number, width: number) =>
    Buffer.from(values.slice(at * width, (at + 1) * width).buffer).toString('hex');
  return Array.from({ length: batch.count }, (_, k) => {
    const b = batch.requestIndex[k]!;
    const user = hex(batch.userFeatures, b, FEATURE_WIDTHS.user);
    return `${batch.itemRows[k]} ${user} ${hex(batch.crossFeatures, k, FEATURE_WIDTHS.cross)}`;
  });
}

/** Serves rounds of requests while events arrive in between, and keeps every vector that reached the ranker. */
async function serve(random: () => number) {
  const stores = memoryStores();
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  await stores.items.upsert(
    release.catalog.itemIds.map((itemId) => ({
      itemId,
      title: itemId,
      category: '',
      brand: '',
      price: 1,
      available: true,
      createdAtS: START_S,
      attributes: {},
    })),
  );
  const seen: string[] = [];
  const watched = (ranker: Ranker) =>
    ({
      run: (batch: RankerBatch) => {
        seen.push(...vectorsOf(batch));
        return ranker.run(batch);
      },
    }) as unknown as Ranker;
  let nowS = START_S;
  const ranker = { fp32: watched(release.ranker!.fp32), int8: watched(release.ranker!.int8) };
  const recommender = createRecommender({
    releases: { current: { ...release, ranker } },
    profiles: stores.profiles,
    limits: LIMITS,
    nowS: () => nowS,
    profileCache: { ttlMs: 0, entriesMax: 100 },
  });
  const served: Served[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await stores.events.append(
      Array.from({ length: 150 }, (_, i) =>
        event(`${round}-${i}`, {
          userId: `user-${Math.floor(random() * USERS)}`,
          itemId: pick(release.catalog.itemIds),
          type: EVENT_CODE[pick(TYPES)],
          // Few distinct times, so that baskets and ties occur.
          occurredAtS: nowS + Math.floor(random() * 40) * 0.23 * DAY_S,
        }),
      ),
    );
    nowS += 10 * DAY_S + 1234.5;
    const requests = Array.from({ length: USERS }, (_, u): Served => {
      const [device, surface] = [pick(['mobile', 'desktop', undefined]), pick(['home', 'cart', undefined])];
      const category = random() < 0.3 ? pick(release.catalog.categories) : null;
      // User 0 .. USERS - 1, and one who is not known.
      return { user: `user-${u + 1}`, nowS, device, surface, category, allowPurchased: random() < 0.7 };
    });
    // At once, so that they share batches.
    const answers = await Promise.all(
      requests.map(({ user, device, surface, category, allowPurchased }, i) =>
        recommender.recommend(
          {
            user_id: user,
            num_items: 1,
            context: {
              ...(device === undefined ? {} : { device }),
              ...(surface === undefined ? {} : { surface }),
              ...(category === null ? {} : { category }),
              filters: { allow_purchased: allowPurchased },
            },
          },
          `request-${round}-${i}`,
        ),
      ),
    );
    expect(answers.flatMap(({ degraded }) => degraded)).toEqual([]);
    served.push(...requests);
  }
  await recommender.close();
  return { stores, served, seen };
}

/** The same vectors from the whole event log, read afterwards. */
async function replayAll(log: TrainingLog, users: ReadonlyMap<string, number>, served: readonly Served[]) {
  const { catalog, sources, parameters, itemVectors, userTower, itemFeatures } = release;
  const retrieval = new FoldRetrieval({ catalog, sources, parameters, itemVectors, userTower });
  const history = new ActorHistory(log);
  const replay = new RequestReplay({
    history,
    retrieval,
    itemFeatures,
    profileEventsMax: parameters.profileEventsMax,
  });
  const replayed: string[] = [];
  for (const { user, nowS, device, surface, category, allowPurchased } of served) {
    const actor = users.get(user) ?? log.actorCount - 1;
    const before = history.between(actor, -Infinity, nowS);
    const bought = before.filter((event) => log.types[event] === EVENT_CODE.purchase);
    const excluded = allowPurchased ? new Int32Array(0) : bought.map((event) => log.rows[event]!);
    const request = { actor, nowS, device, surface, category, slate: null, excluded };
    const candidates = await replay.retrieve(request);
    replay.computeFeatures();
    replayed.push(
      ...vectorsOf({
        requests: 1,
        count: candidates.count,
        userFeatures: replay.userFeatures,
        crossFeatures: replay.crossFeatures,
        itemRows: candidates.rows,
        requestIndex: new Int32Array(candidates.count),
      }),
    );
  }
  return replayed;
}

describe('serving and training', () => {
  it('compute the same vectors to the bit: served requests, replayed from the event log', async () => {
    const { stores, served, seen } = await serve(seededRandom(5));
    const log = await readTrainingLog(stores);
    const rowOf = log.items.map(({ itemId }) => release.catalog.rowOf(itemId));
    const users = new Map<string, number>();
    for await (const batch of stores.events.stream())
      for (const userId of batch.userIds) if (!users.has(userId!)) users.set(userId!, users.size);
    // The log numbers items by id, the tiny release in its own order; the last actor did nothing.
    const inRelease = { ...log, rows: log.rows.map((row) => rowOf[row]!), actorCount: log.actorCount + 1 };
    const replayed = await replayAll(inRelease, users, served);
    expect(seen.length).toBeGreaterThan(500);
    expect(replayed.length).toBe(seen.length);
    expect(replayed.sort()).toEqual(seen.sort());
  });
});
