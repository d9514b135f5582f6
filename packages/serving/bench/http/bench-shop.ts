/** What the served shop has beside its release: shoppers, rules, an experiment that everybody is in. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sealSnapshot } from '@shortlist/core/assignment/seal-snapshot.ts';
import { BUCKETS } from '@shortlist/core/contracts/assignment-snapshot.ts';
import type { Profile } from '@shortlist/core/contracts/profile.ts';
import type { KeyedProfileEvents } from '@shortlist/core/stores/profile-store.ts';
import { RedisConnection } from '@shortlist/core/stores/redis/connection.ts';
import { redisStores } from '@shortlist/core/stores/redis/stores.ts';

export const EVENTS_PER_USER = 100;
const AT_ONCE = 200;

/** One of each kind of rule that a slate of a general shop meets. */
const RULES = `rules:
  - name: push the affordable
    boost: { match: { price: { max: 20 } }, factor: 1.2 }
  - name: less of the dear ones
    bury: { match: { price: { min: 90 } }, factor: 0.7 }
  - name: no brand floods the page
    cap: { per: brand, max: 3 }
`;

/** Writes rules and the snapshot of an A/A experiment; returns the pod's variables for them. */
export async function writeShopFiles(folder: string, nowS: number): Promise<Readonly<Record<string, string>>> {
  const rules = join(folder, 'rules.yaml');
  const snapshot = join(folder, 'snapshot.json');
  await writeFile(rules, RULES);
  const half = BUCKETS / 2;
  const sealed = sealSnapshot({
    version: 1,
    publishedAtS: nowS,
    promoted: [],
    layers: [
      {
        name: 'ranking',
        unit: 'user',
        salt: 'ranking',
        holdout: 0,
        experiments: [
          {
            name: 'same',
            version: 1,
            type: 'ab',
            salt: 'same',
            allocation: [{ from: 0, to: BUCKETS }],
            targeting: [],
            startsAtS: nowS - 1000,
            endsAtS: null,
            ramp: [],
            variants: [
              { name: 'control', buckets: { from: 0, to: half }, release: null, parameters: {} },
              { name: 'treatment', buckets: { from: half, to: BUCKETS }, release: null, parameters: {} },
            ],
            triggered: false,
          },
        ],
      },
    ],
  });
  await writeFile(snapshot, JSON.stringify(sealed));
  return { SHORTLIST_RULES_FILE: rules, SHORTLIST_ASSIGNMENTS_FILE: snapshot };
}

/** Gives user `u` of so many the profile `profileOf(u)`, in Redis. */
export async function fillProfiles(
  url: string,
  dataset: string,
  shop: { readonly users: number; readonly itemIdOf: (row: number) => string; readonly profiles: readonly Profile[] },
): Promise<void> {
  const connection = new RedisConnection(url, { dataset, commandTimeoutMs: 30_000 });
  try {
    await connection.check();
    const { profiles } = redisStores(connection);
    const { ticket } = await profiles.read('u:nobody', EVENTS_PER_USER);
    const fill = (user: number) =>
      profiles.fill(
        `u:${user}`,
        { ...ticket!, generation: '' },
        EVENTS_PER_USER,
        keyed(shop.profiles[user % shop.profiles.length]!, shop.itemIdOf),
      );
    for (let from = 0; from < shop.users; from += AT_ONCE)
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, shop.users - from) }, (_, i) => fill(from + i)));
  } finally {
    connection.close();
  }
}

function keyed({ rows, types, timesS }: Profile, itemIdOf: (row: number) => string): KeyedProfileEvents {
  return {
    keys: Array.from(rows, (_, e) => e.toString(16).padStart(16, '0')),
    itemIds: Array.from(rows, (row) => itemIdOf(row)),
    types,
    timesS,
  };
}
