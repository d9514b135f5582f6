import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BUILD_FEATURES } from '@shortlist/core/release/feature-schema.ts';
import { arrowFile, buildTinyRelease, TINY_ITEMS, writeTinyRun } from '../../../core/test/release/tiny-run.ts';
import { loadOracle } from '../../src/generate/oracle.ts';
import { userId } from '../../src/generate/shoppers.ts';
import { openRegistry } from '../../src/workspace/open-registry.ts';
import { datasetPaths } from '../../src/workspace/paths.ts';
import { makeShop } from '../generate/demo-shop.ts';
import { temporaryWorkspace, type TemporaryWorkspace } from '../workspace/temporary-workspace.ts';

export const SHOP = 'sim';

/** One list for everybody: nothing of the tiny models, whose vectors are noise. */
const PARAMETERS = {
  sources: {
    ...{ two_tower: 0, co_visitation: 0, item_item: 0, user_user: 0, content: 0, category: 0, repeats: 0 },
    ...{ trending: 0, new_items: 0, popular: 60 },
  },
  diversity: { lambda: 0 },
};

/**
 * A workspace with a generated shop, whose shoppers' preferences are known, and `releases` of it, the first of them
 * active: what shoppers like best comes first, which is far better than by lot. Nothing is trained.
 */
export async function simulatedShop(releases = 1): Promise<TemporaryWorkspace> {
  const workspace = temporaryWorkspace();
  const { folder, source, releases: releasesDir } = datasetPaths(workspace.environment.home, SHOP);
  const { items, description } = await makeShop(source, { items: TINY_ITEMS, users: 300, events: 4_000, days: 30 });
  // The tiny runs' lists fall with the row: what its shoppers truly like best comes first.
  const oracle = await loadOracle(join(source, 'generator.json'));
  const liking = new Float64Array(TINY_ITEMS);
  for (let user = 0; oracle.knowsUser(userId(user)); user++)
    oracle.preferences(userId(user), description.data_until_s).forEach((value, row) => (liking[row]! += value));
  const rows = items
    .map((item, row) => ({ item, liking: liking[row]! }))
    .sort((a, b) => b.liking - a.liking)
    .map(({ item }) => item);
  const itemsFile = arrowFile({
    row: Int32Array.from(rows, (_, row) => row),
    item_id: rows.map((item) => item.item_id),
    title: rows.map(({ title }) => title),
    category: rows.map(({ category }) => category),
    brand: rows.map(({ brand }) => brand),
    price: Float32Array.from(rows, ({ price }) => price),
    created_at: Float64Array.from(rows, (item) => Date.parse(item.created_at) / 1000),
    available: rows.map(() => true),
  });
  const registry = openRegistry(workspace.environment.home, SHOP);
  for (let seed = 1; seed <= releases; seed++) {
    const run = join(folder, `run-${seed}`);
    await writeTinyRun(run, seed, BUILD_FEATURES);
    await writeFile(join(run, 'folds/final/items.arrow'), itemsFile);
    const { id } = await buildTinyRelease(run, releasesDir, {
      ...{ dataset: SHOP, features: BUILD_FEATURES, parameters: PARAMETERS },
    });
    if (seed === 1) await registry.activate(id);
  }
  return workspace;
}
